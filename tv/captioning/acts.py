"""Acts about captions through the API: who may, an event into the journal, the fold's answer.

As in tv/writing.py: the answer comes once the act is on disk and folded, `Idempotency-Key` makes a
retry the same act. Moderators, operators and admins may; a pass for one talk is good for what was
said in it, and for its own glossary.
"""

from typing import Any

from starlette.requests import Request

from captions.cues import Cue
from captions.wording.captioned import Glossary, Hold, Item, Reason, Refused
from captions.wording.events import AnyCaptionAct
from tv import items
from tv.auth import MODERATORS, Identity
from tv.follower import Follower
from tv.problems import Problem
from tv.upstream import Upstream
from tv.writing import event_id

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    Reason.UNKNOWN_CUE: (404, "Introuvable", "Ce sous-titre n’existe pas."),
    Reason.UNKNOWN_RULE: (404, "Introuvable", "Cette règle n’existe pas, ou plus."),
    Reason.CHANGED: (
        412,
        "Modifié entre-temps",
        "Quelqu’un l’a modifié entre-temps. Regardez-le à nouveau.",
    ),
    Reason.WRONG_RULE: (422, "Règle refusée", "Cette règle ne remplace rien."),
    Reason.TOO_MANY_RULES: (
        409,
        "Trop de règles",
        "Il y a déjà beaucoup de règles. Supprimez-en avant d’en ajouter.",
    ),
    Reason.TAKEN: (
        409,
        "Sous-titres déjà pris",
        "Une autre personne écrit les sous-titres de ce canal.",
    ),
    Reason.NOT_TAKEN: (
        409,
        "Sous-titres non pris",
        "Personne n’écrit les sous-titres de ce canal, ou quelqu’un d’autre les a repris.",
    ),
    Reason.KEY_REUSED: (
        422,
        "Clé déjà utilisée",
        "Cette clé Idempotency-Key a servi à un autre envoi.",
    ),
}


class CaptionActs:
    """Appends what the crew does to captions, on its behalf."""

    def __init__(self, follower: Follower, upstream: Upstream) -> None:
        self._follower = follower
        self._upstream = upstream

    def act(self, request: Request, who: Identity) -> dict[str, Any]:
        """What every act says: its id, the time, and who acts."""
        return self.signed(who, event_id(request, who.signature))

    def signed(self, who: Identity, id: str) -> dict[str, Any]:
        """The same for an act that does not come as a request."""
        return {"id": id, "at": self._upstream.now(), "by": who.signature, "name": who.name}

    async def write(self, act: AnyCaptionAct) -> Item:
        """Append `act`; return what it made, changed or ended. Raises Problem, StoreUnavailable."""
        outcome = await self._follower.write(act)
        if isinstance(outcome, Refused):
            raise refusal(outcome)
        return outcome.item

    def may(self, who: Identity, channel: str, at: float | None = None) -> None:
        """Raises Problem unless they may change what is written on a channel (at a time; now)."""
        at = self._upstream.now() if at is None else at
        talk = self._follower.audience.talks.said_on(channel, at)
        who.must_be(*MODERATORS, talk=talk.id if talk else "")


def refusal(outcome: Refused) -> Problem:
    """Say why an act had no effect, with what stands in its way."""
    status, title, detail = _REFUSALS[outcome.reason]
    current: items.Rendered | None = None
    match outcome.current:
        case Cue() as cue:
            current = items.hidden_cue_item(cue)
        case Glossary() as glossary:
            current = items.glossary_item(glossary)
        case Hold() as hold:
            current = items.hold_item(hold)
    extra = {"current": current} if current else {}
    return Problem(status, outcome.reason.value, title, detail, **extra)


def unknown_cue() -> Problem:
    return refusal(Refused(Reason.UNKNOWN_CUE))
