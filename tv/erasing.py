"""`fabrique-tv erase`: a participant is forgotten, at once on pages and then in the journal."""

import asyncio
import time

from engagement.changes import order
from engagement.fold import Event
from tv import commanding
from tv.compaction import PARTICIPANT, erasure, new_stand_in
from tv.folder import Folder
from tv.settings import Settings

WRITTEN_ANEW = 600.0  # seconds that the clerk has to write the journal anew


class Unknown(Exception):
    """Nobody of that name did anything; the message says so in French."""


async def erase(folder: Folder, settings: Settings, participant: str) -> tuple[int, bool]:
    """Forget a participant; return how many acts they did, and whether the journal knows it.

    If not, the clerk will see to it as soon as it is there. Raises Unknown, and what
    `commanding.opened` raises.
    """
    unknown = Unknown(
        f"Aucune trace de «\u00a0{participant[:80]}\u00a0»\u00a0: vérifiez l’identifiant "
        "(il commence par «\u00a0p_\u00a0»)."
    )
    if not participant.startswith(PARTICIPANT):
        raise unknown  # the crew, and the clerk, are nobody's to forget
    async with commanding.opened(folder, settings) as desk:
        acts = 0
        async for _, event in desk.compaction.events():
            acts += isinstance(event, Event) and event.by == participant
        if not acts:
            raise unknown
        await desk.follower.write(erasure(participant, new_stand_in(), at=time.time()))
        if desk.alone:
            return acts, True  # written anew when the desk closes
        try:
            async with asyncio.timeout(WRITTEN_ANEW):
                # The clerk does it, in another process: ask.
                while order(await desk.journal.compacted()) < order(desk.follower.erasure):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return acts, False
        return acts, True
