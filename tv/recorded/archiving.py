"""The archive process: makes films of talks when they are asked for, and small pictures all along.

It writes nothing but `data/films/` and thumbnails, and nothing waits for it: killed, it goes on
where it was. A film on which it died twice is given up.
"""

import asyncio
import errno
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial

from captions.cues import Cue
from captions.written.finished import finished
from captions.written.spoken import announced, within
from engagement.talks import Talk
from streaming.archive import film
from streaming.archive.boxes import Unreadable
from streaming.archive.film import NoRoom, Stopped, Words
from streaming.archive.fragments import Init, read_init
from streaming.archive.reel import Piece, reel_of
from streaming.errors import StreamingError
from streaming.recording.index import Index
from tv import journal, store
from tv.folder import Folder
from tv.follower import Follower
from tv.journal import StoreUnavailable, heed_cancellation
from tv.recorded.chapters import Chapter
from tv.recorded.films import (
    Order,
    Orders,
    Progress,
    Shelf,
    chapters_of,
    current,
    span,
    stands,
    too_many,
)
from tv.recorded.thumbnails import Thumbnails
from tv.settings import Settings
from tv.tasks import in_thread, keep_running, running

logger = logging.getLogger(__name__)

TRIES = 2
ANEW = 5  # films in a row, when another word came while one was made: captions settle soon
SETTLED = 12.0  # seconds that the last segment of a talk may take to be recorded
CAUGHT_UP = 5.0  # seconds that our fold may be behind that of who asked
TELL = 0.5  # seconds between two words on how far a film is
PLANNED = 0.3  # of the time goes into reading what there is, the rest into copying it
SWEEP = 60.0  # seconds between two looks at what may go
DAY = 86_400.0  # seconds

NO_ROOM = "Le disque est presque plein\u00a0: libérez de la place, puis recommencez."
NOTHING = "Rien n’a été enregistré entre ces repères, ou les fichiers sont abîmés."
BROKEN = "Le disque refuse d’écrire ou de lire\u00a0: vérifiez-le, puis recommencez."
CRASHED = "La préparation s’est interrompue deux fois\u00a0: les fichiers sont peut-être abîmés."


class Filmmaker:
    """Makes films, one at a time."""

    def __init__(
        self,
        orders: Orders,
        shelf: Shelf,
        indexes: Mapping[str, Index],
        follower: Follower,
        event: str,
        *,
        free: int,
        days: float,
        most: int,
        settled: float = SETTLED,
    ) -> None:
        self._orders = orders
        self._shelf = shelf
        self._indexes = indexes
        self._follower = follower
        self._event = event
        self._free, self._days, self._most = free, days, most
        self._settled = settled

    async def run(self) -> None:
        """Make what is asked for, until cancelled."""
        await self._follower.ready.wait()
        await in_thread(self._shelf.clean)
        swept = float("-inf")
        while True:
            heed_cancellation()
            try:
                for order in await self._orders.interrupted():
                    await self._make(order)
                if (taken := await self._orders.take()) is not None:
                    await self._make(taken)
                if taken is not None or time.monotonic() - swept > SWEEP:
                    await self._sweep()
                    swept = time.monotonic()
            except StoreUnavailable:
                await asyncio.sleep(1.0)

    async def _make(self, order: Order) -> None:
        known = await self._orders.look(order.key)
        tries = 1 + (known.tries if known and known.state == "making" else 0)
        if tries > TRIES:
            logger.warning("archive: %s is given up", order.name)
            detail = CRASHED
        else:
            await self._orders.note(order, Progress("making", tries=tries))
            detail = await self._made(order, tries)
        await self._orders.done(order)
        if detail:
            await self._orders.note(order, Progress("failed", detail=detail))
        else:
            await self._orders.forget(order)

    async def _made(self, order: Order, tries: int) -> str:
        """Why it could not be made, in French; or ""."""
        if await self._wanted(order) is None:
            return ""
        await self._recorded(order)
        for _ in range(ANEW):
            wanted = await self._wanted(order)
            if wanted is None or await in_thread(self._shelf.path(wanted.name).exists):
                break
            if detail := await self._film(wanted, tries):
                return detail
        return ""

    async def _film(self, order: Order, tries: int) -> str:
        share = 0.0

        def told(done: float) -> None:
            nonlocal share
            share = done

        async def tell() -> None:
            while True:
                await asyncio.sleep(TELL)
                await self._orders.note(order, Progress("making", share, tries=tries))

        stop, talk = threading.Event(), self._follower.audience.talks.by_id[order.talk]
        work = partial(self._write, order, talk, self._words(order, talk), told, stop)
        async with running(keep_running("progress", tell)):
            return await _outcome(order, _stoppable(work, stop))

    def _write(
        self,
        order: Order,
        talk: Talk,
        words: Words,
        told: Callable[[float], None],
        stop: threading.Event,
    ) -> None:
        """In a thread: the fold is not read here."""
        index = self._indexes[talk.channel]
        floor = talk.marks[0] if order.kind == "clip" and talk.marks is not None else None
        found = pieces(index, *span(order, talk))

        def planned() -> Iterator[Piece]:
            for number, piece in enumerate(found):
                if stop.is_set():
                    raise Stopped("asked to stop")
                told(PLANNED * number / len(found))
                yield piece

        reel = reel_of(planned(), order.start, order.end, floor)
        self._shelf.note(order)
        film.write(
            reel,
            words,
            self._shelf.path(order.name),
            free=self._free,
            progress=lambda share: told(PLANNED + (1 - PLANNED) * share),
            stop=stop.is_set,
        )

    async def _wanted(self, order: Order) -> Order | None:
        """What is to be made now; None when the marks are others than those that were asked for.

        Our fold may be a moment behind that of who asked.
        """
        until = time.monotonic() + CAUGHT_UP
        while True:
            talk = self._follower.audience.talks.by_id.get(order.talk)
            if talk is not None and talk.channel in self._indexes:
                wanted = current(order, talk, self._follower)
                if wanted is not None or time.monotonic() > until:
                    return wanted
            elif time.monotonic() > until:
                return None
            await asyncio.sleep(0.1)

    async def _recorded(self, order: Order) -> None:
        """Wait until what was shown last is on the disk, or will not be."""
        talk = self._follower.audience.talks.by_id[order.talk]
        index = self._indexes[talk.channel]
        until = time.monotonic() + self._settled
        while time.monotonic() < until:
            await in_thread(index.refresh)
            last = await in_thread(index.last)
            if last is not None and last.end >= order.end:
                return
            await asyncio.sleep(0.2)

    def _words(self, order: Order, talk: Talk) -> Words:
        start, end = span(order, talk)
        shown = finished(within(self._follower.cues(talk.channel, start, end), start, end))
        chapters = chapters_of(talk, self._follower, start, end)
        return words_of(talk, shown, chapters, self._event)

    async def _sweep(self) -> None:
        """Let go of films that nobody would order any more, that are old, or too many."""
        kept: list[tuple[Order, int]] = []
        oldest = time.time() - self._days * DAY
        talks = self._follower.audience.talks.by_id
        for order in await in_thread(self._shelf.orders):
            path = self._shelf.path(order.name)
            made = (await in_thread(path.stat)).st_mtime
            if made < oldest or not stands(order, talks.get(order.talk), self._follower):
                logger.info("archive: %s is deleted", order.name)
                await in_thread(partial(self._shelf.remove, order))
            else:
                size = await in_thread(partial(self._shelf.size, order.name))
                kept.append((order, size or 0))
        for order, _ in kept[: too_many([size for _, size in kept], self._most)]:
            logger.info("archive: %s makes room", order.name)
            await in_thread(partial(self._shelf.remove, order))


def words_of(talk: Talk, shown: Sequence[Cue], chapters: Sequence[Chapter], event: str) -> Words:
    """What is written into a talk's film; `shown` are its cues as they are read."""
    return Words(
        talk.title,
        ", ".join(talk.speakers),
        event,
        [(cue.start, cue.end, "\n".join(cue.lines)) for cue in announced(shown)],
        [(each.start, each.title) for each in chapters],
    )


def pieces(index: Index, start: float, end: float) -> list[Piece]:
    """The segments between two times, with how each is to be read. Touches the disk."""
    inits: dict[tuple[str, str], tuple[Init, float] | None] = {}
    found = []
    for recorded in index.between(start, end):
        key = recorded.init, str(index.path_of(recorded).parent)
        if key not in inits:
            inits[key] = _init(index, recorded.init, start, end)
        if (known := inits[key]) is not None:
            found.append(Piece(index.path_of(recorded), *known, recorded.start))
    return found


def _init(index: Index, name: str, start: float, end: float) -> tuple[Init, float] | None:
    told, path = index.init(name, start, end), index.path_of_init(name, start, end)
    if told is None or path is None:
        return None
    try:
        return read_init(path.read_bytes()), told.origin
    except (OSError, Unreadable) as error:
        logger.warning("archive: %s cannot be read: %s", path.name, error)
        return None


async def _outcome(order: Order, work: Awaitable[None]) -> str:
    """Wait for a film to be written; say why it could not be, in French, or ""."""
    began = time.monotonic()
    try:
        await work
    except NoRoom as error:
        logger.warning("archive: %s: %s", order.name, error)
        return NO_ROOM
    except StreamingError as error:
        logger.warning("archive: %s: %s", order.name, error)
        return NOTHING
    except OSError as error:
        logger.warning("archive: %s: %s", order.name, error)
        return NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else BROKEN
    logger.info("archive: %s made in %.1f s", order.name, time.monotonic() - began)
    return ""


async def _stoppable(work: Callable[[], None], stop: threading.Event) -> None:
    """Wait for `work` in a thread; when cancelled, set `stop` and wait for its end."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(thread)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(thread, return_exceptions=True)
        raise


async def run(folder: Folder, settings: Settings) -> None:
    """Make films and thumbnails, until cancelled."""
    url = store.address(folder, settings.store.url)
    indexes = {name: Index(folder.recording / name) for name in settings.recording.channels}
    async with store.connected(url) as client, journal.opened(client, settings.event.slug) as book:
        follower = Follower(book)
        maker = Filmmaker(
            Orders(client, settings.event.slug),
            Shelf(folder.films),
            indexes,
            follower,
            settings.event.name,
            free=round(settings.recording.free_gb * 1e9),
            days=settings.films.days,
            most=round(settings.films.total_gb * 1e9),
        )
        thumbnails = Thumbnails(folder.media_socket, folder.thumbnails, indexes)
        async with running(
            follower.run(),
            keep_running("films", maker.run),
            keep_running("thumbnails", thumbnails.run),
        ):
            await asyncio.Event().wait()
