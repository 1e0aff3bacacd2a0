"""`fabrique-tv export`: everything that the audience and the crew did, as files."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from tv import commanding, settings
from tv.commanding import Desk
from tv.folder import Folder
from tv.reports import tables
from tv.reports.files import as_csv, as_xlsx
from tv.reports.pdf import as_pdf
from tv.reports.report import report_of
from tv.schedule import writing
from tv.settings import Settings

Write = Callable[[Desk, settings.Event, Path], Awaitable[None]]


async def export(folder: Folder, configured: Settings, directory: Path) -> None:
    """Write all files into `directory`, which is there. Raises what `commanding.opened` does, and
    OSError.
    """
    async with commanding.opened(folder, configured) as desk:
        for write in WRITERS:
            await write(desk, configured.event, directory)


async def journal_lines(desk: Desk, event: settings.Event, directory: Path) -> None:
    """`journal.jsonl`: each event in its order, `{"position": …, "event": {"type": …}}`."""
    with (directory / "journal.jsonl").open("wb") as file:
        async for position, said in desk.compaction.events():
            if said is not None:
                _line(file, {"position": position, "event": said})


async def all_tables(desk: Desk, event: settings.Event, directory: Path) -> None:
    """`tables/*.csv`, and all of them as sheets of `tables.xlsx`."""
    audience = desk.follower.audience
    talks = audience.talks.listed()
    found = tables.tables(audience, talks, event.zone)
    found += [tables.posts(audience, event.zone), tables.log(audience, talks, event.zone)]
    (directory / "tables").mkdir(exist_ok=True)
    for table in found:
        (directory / "tables" / f"{table.name}.csv").write_bytes(as_csv(table))
    (directory / "tables.xlsx").write_bytes(as_xlsx(found))


async def reports(desk: Desk, event: settings.Event, directory: Path) -> None:
    """`reports/*.pdf`: one for each talk that was given."""
    (directory / "reports").mkdir(exist_ok=True)
    for talk in desk.follower.audience.talks.listed():
        if talk.begun:
            report = report_of(desk.follower.audience, talk, event.name, event.zone)
            (directory / "reports" / f"{talk.id}.pdf").write_bytes(as_pdf(report))


async def schedule(desk: Desk, event: settings.Event, directory: Path) -> None:
    """`schedule.json` for conferences' tools (frab), `schedule.ics` for calendars."""
    talks = desk.follower.audience.talks
    (directory / "schedule.json").write_bytes(writing.as_json(talks, event, crew=True))
    (directory / "schedule.ics").write_bytes(writing.as_ical(talks, event, time.time()))


def _line(file: BinaryIO, value: object) -> None:
    file.write(msgspec.json.encode(value) + b"\n")


WRITERS: list[Write] = [journal_lines, all_tables, reports, schedule]
