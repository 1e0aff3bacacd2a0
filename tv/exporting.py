"""`fabrique-tv export`: everything that the audience and the crew did, as files."""

import logging
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from streaming.errors import StreamingError
from streaming.recording.index import Index
from tv import commanding
from tv.commanding import Desk
from tv.folder import Folder, private_files
from tv.progress import Progress
from tv.recorded import keepsake
from tv.reports import booklet_pdf, pdf, tables
from tv.reports.booklet import booklet_of
from tv.reports.files import as_csv, as_xlsx
from tv.reports.labs import lab_tables
from tv.reports.report import report_of
from tv.schedule import writing
from tv.settings import Settings
from tv.tasks import in_thread
from tv.wall.pictures import Pictures

logger = logging.getLogger(__name__)

FREE = 200_000_000  # bytes that films leave free on the disk

Write = Callable[[Desk, Settings, Path], Awaitable[None]]


async def export(
    folder: Folder, configured: Settings, directory: Path, *, with_films: bool = False
) -> None:
    """Write all files into `directory`, which is there; `with_films` what was recorded too.

    They are their owner's alone: the journal has participants' ids and unread words. Raises what
    `commanding.opened` does, and OSError.
    """
    with private_files():
        await _export(folder, configured, directory, with_films=with_films)


async def _export(
    folder: Folder, configured: Settings, directory: Path, *, with_films: bool
) -> None:
    async with commanding.opened(folder, configured) as desk:
        writers: list[Write] = [*WRITERS, partial(labs, Pictures(folder.wall))]
        if with_films:
            writers.append(partial(films, folder))
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
    (directory / "schedule.ics").write_bytes(writing.as_ical(talks, event, time.time(), crew=True))


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
            shutil.copyfile(path, directory / "pictures" / path.name)


async def films(folder: Folder, desk: Desk, settings: Settings, directory: Path) -> None:
    """`talks/ID/`: each talk that was recorded, with a page that plays it (see `keepsake`)."""
    indexes = {name: Index(folder.recording / name) for name in settings.recording.channels}
    for talk in desk.follower.audience.talks.listed():
        if talk.marks is None or talk.channel not in indexes:
            continue
        where = directory / "talks" / talk.id
        kept = keepsake.keepsake_of(talk, desk.follower, settings.event)
        with Progress(talk.title[:40], sys.stderr) as progress:
            index = indexes[talk.channel]
            write = partial(keepsake.write, where, kept, index, free=FREE, progress=progress)
            try:
                await in_thread(write)
            except StreamingError as error:
                logger.warning("%s: %s", talk.id, error)
                shutil.rmtree(where, ignore_errors=True)


def _line(file: BinaryIO, value: object) -> None:
    file.write(msgspec.json.encode(value) + b"\n")


WRITERS: list[Write] = [journal_lines, all_tables, reports, schedule]
