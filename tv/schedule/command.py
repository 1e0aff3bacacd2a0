"""`fabrique-tv schedule`: a schedule brought in from a file, or taken away."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from engagement.fold import Refused
from engagement.talks import ScheduleImported
from engagement.talks.planning import Change, difference
from tv import commanding, reasons
from tv.folder import Folder
from tv.problems import Problem, clean
from tv.refusals import REFUSALS
from tv.schedule import telling, writing
from tv.schedule.errors import ScheduleError, Unreadable
from tv.schedule.places import Places
from tv.schedule.reading import LIMIT, SOURCE, Reading, read
from tv.settings import Settings

FORMATS = ("json", "ics")


def bring(folder: Folder, settings: Settings, file: Path, source: str, dry_run: bool) -> list[str]:
    """Apply a file, unless it is for show; return what differs, in French lines.

    Raises ScheduleError, and what `commanding.opened` does.
    """
    try:
        source = clean(source, "--source", SOURCE)
    except Problem as problem:
        raise ScheduleError(problem.detail) from problem
    try:
        with file.open("rb") as opened:
            said = read(opened.read(LIMIT + 1), settings.event.zone, Places.of(settings))
    except OSError as error:
        why = reasons.of_system(error)
        raise ScheduleError(f"Impossible de lire « {file} » ({why}).") from error
    except Unreadable as error:
        raise ScheduleError(f"« {file} » : {error}") from error
    changes = asyncio.run(_bring(folder, settings, said, source, dry_run))
    return _told(said, changes, settings, dry_run)


def take(folder: Folder, settings: Settings, file: Path | None, written: str) -> bytes:
    """The schedule in a format, "" for what the file's name says; written to `file`, if any.

    Raises ScheduleError, and what `commanding.opened` does.
    """
    written = written or ("ics" if file and file.suffix == ".ics" else "json")
    if written not in FORMATS:
        raise ScheduleError(f"--format vaut {' ou '.join(FORMATS)}.")
    try:
        made = asyncio.run(_take(folder, settings, written))
        if file is not None:
            file.write_bytes(made)
    except OSError as error:
        why = reasons.of_system(error)
        raise ScheduleError(f"Impossible d’écrire « {file} » ({why}).") from error
    return made


async def _bring(
    folder: Folder, settings: Settings, said: Reading, source: str, dry_run: bool
) -> list[Change]:
    async with commanding.opened(folder, settings) as desk:
        talks = desk.follower.audience.talks
        event = ScheduleImported(
            id=secrets.token_hex(10),
            at=time.time(),
            by="command",
            plans=said.plans,
            source=source,
            about=said.about,
            expects=(talks.schedule.version,),
        )
        changes = difference(talks.by_id, event)
        if not dry_run and isinstance(refused := await desk.follower.write(event), Refused):
            _, _, why = REFUSALS[refused.reason]
            raise ScheduleError(f"Le programme n’a pas changé\u00a0: {why}")
        return changes


async def _take(folder: Folder, settings: Settings, written: str) -> bytes:
    async with commanding.opened(folder, settings) as desk:
        talks = desk.follower.audience.talks
        if written == "ics":
            return writing.as_ical(talks, settings.event, time.time(), crew=True)
        return writing.as_json(talks, settings.event, crew=True)


def _told(said: Reading, changes: Sequence[Change], settings: Settings, dry_run: bool) -> list[str]:
    numbers = telling.counted(changes)
    summary = (
        f"Interventions dans le fichier\u00a0: {len(said.plans)}\u202f; ajoutées\u00a0: "
        f"{numbers['added']}, modifiées\u00a0: {numbers['changed']}, annulées\u00a0: "
        f"{numbers['cancelled']}, rétablies\u00a0: {numbers['restored']}."
    )
    end = "Rien n’a été changé (--dry-run)." if dry_run else "C’est fait."
    notes = [f"Remarque\u00a0: {note}" for note in said.notes]
    return [*telling.as_lines(changes, settings.event.zone), *notes, summary, end]
