"""`fabrique-tv export`: everything that the audience and the crew did, as files."""

import shutil
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from tv import commanding
from tv.commanding import Desk
from tv.folder import Folder
from tv.reports import booklet_pdf, pdf, tables
from tv.reports.booklet import booklet_of
from tv.reports.files import as_csv, as_xlsx
from tv.reports.labs import lab_tables
from tv.reports.report import report_of
from tv.schedule import writing
from tv.settings import Settings
from tv.wall.pictures import Pictures

Write = Callable[[Desk, Settings, Path], Awaitable[None]]


async def export(folder: Folder, configured: Settings, directory: Path) -> None:
    """Write all files into `directory`, which is there. Raises what `commanding.opened` does, and
    OSError.
    """
    async with commanding.opened(folder, configured) as desk:
        writers: list[Write] = [*WRITERS, partial(labs, Pictures(folder.wall))]
        for write in writers:
            await write(desk, configured, directory)


async def journal_lines(desk: Desk, settings: Settings, directory: Path) -> None:
    """`journal.jsonl`: each event in its order, `{"position": …, "event": {"type": …}}`."""
    with (directory / "journal.jsonl").open("wb") as file:
        async for position, said in desk.compaction.events():
            if said is not None:
                _line(file, {"position": position, "event": said})


async def all_tables(desk: Desk, settings: Settings, directory: Path) -> None:
    """`tables/*.csv`, and all of them as sheets of `tables.xlsx`."""
    audience, zone = desk.follower.audience, settings.event.zone
    talks = audience.talks.listed()
    found = tables.tables(audience, talks, zone)
    found += [tables.posts(audience, zone), tables.alerts(audience, zone)]
    found += [tables.log(audience, talks, zone)]
    found += lab_tables(audience, settings.labs, zone)
    (directory / "tables").mkdir(exist_ok=True)
    for table in found:
        (directory / "tables" / f"{table.name}.csv").write_bytes(as_csv(table))
    (directory / "tables.xlsx").write_bytes(as_xlsx(found))


async def reports(desk: Desk, settings: Settings, directory: Path) -> None:
    """`reports/*.pdf`: one for each talk that was given."""
    event = settings.event
    (directory / "reports").mkdir(exist_ok=True)
    for talk in desk.follower.audience.talks.listed():
        if talk.begun:
            report = report_of(desk.follower.audience, talk, event.name, event.zone)
            (directory / "reports" / f"{talk.id}.pdf").write_bytes(pdf.as_pdf(report))


async def schedule(desk: Desk, settings: Settings, directory: Path) -> None:
    """`schedule.json` for conferences' tools (frab), `schedule.ics` for calendars."""
    talks, event = desk.follower.audience.talks, settings.event
    (directory / "schedule.json").write_bytes(writing.as_json(talks, event, crew=True))
    (directory / "schedule.ics").write_bytes(writing.as_ical(talks, event, time.time()))


async def labs(pictures: Pictures, desk: Desk, settings: Settings, directory: Path) -> None:
    """`booklet.pdf`, the laboratories' syntheses; `pictures/`, the photos of ideas that show."""
    audience = desk.follower.audience
    if not audience.cafes.by_id:
        return
    booklet = booklet_of(audience, settings.labs, settings.event, pictures.path)
    (directory / "booklet.pdf").write_bytes(booklet_pdf.as_pdf(booklet))
    (directory / "pictures").mkdir(exist_ok=True)
    for idea in audience.ideas.by_id.values():
        if idea.public and idea.picture and (path := pictures.path(idea.picture)):
            shutil.copy(path, directory / "pictures")


def _line(file: BinaryIO, value: object) -> None:
    file.write(msgspec.json.encode(value) + b"\n")


WRITERS: list[Write] = [journal_lines, all_tables, reports, schedule]
