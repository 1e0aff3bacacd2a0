"""The reread process: hears again what was said, when there is time, and mends the captions of it.

It is a process of its own, the last to get the processor and the first to go when memory runs out:
what is live must not wait for it. What it keeps is in memory: killed, it goes on with what is said
from then on, and the captions of what waited stay as they were heard live.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from captions.cues import Cue, Word
from captions.errors import ModelUnavailable
from captions.hearing.kept import Kept
from captions.hearing.vote import vote
from captions.models.sizes import AUTO
from captions.wording.glossary import Repair
from captions.wording.rewriting import rewritten
from captions.written.layout import Layout
from streaming import link
from streaming.errors import LinkLost
from streaming.link import Follow, Sound
from tv import journal
from tv import store as stores
from tv.captioning.outbox import LONGEST_PAUSE, Outbox
from tv.captioning.quality import TELL, Board, Second
from tv.captioning.terms import terms_of
from tv.folder import Folder
from tv.follower import TALKS_AND_CAPTIONS, Follower
from tv.journal import StoreUnavailable
from tv.settings import Captions, Settings
from tv.tasks import in_thread, running

if TYPE_CHECKING:  # imported once there is something to hear: most servers of a test never speak
    from captions.hearing.second import Stretch
    from captions.hearing.whisper import Whisper

logger = logging.getLogger(__name__)

SETTLED = 20.0  # seconds behind the newest sound: live cues there change no more
BROKEN_OFF = 30.0  # seconds without sound after which no more is waited for
LOOK = 1.0  # seconds between two looks at what waits
PAUSE = 0.5  # seconds between two tries to reach media
MODEL_PAUSE = 300.0  # seconds before a model that does not load is tried again
LONGEST = 27.0  # seconds heard at once: the model takes 30, some silence behind the sound included
AROUND = 3.0  # seconds by which live words may have been timed wrong
LEAST = 0.3  # seconds of speech that are worth hearing
MORE = 3.0  # a model may take this many times the cores: it hears each second once, not five times

Load = Callable[[], "Whisper"]


@dataclass
class Waiting:
    """One channel's sound that waits, and what became of what was heard."""

    kept: Kept = field(default_factory=Kept)
    came_at: float = float("-inf")  # by the monotonic clock
    heard: float = 0.0  # seconds
    cues: int = 0
    words: int = 0


class Rereader:
    """Hears again what channels brought, the oldest first, with one model for all."""

    def __init__(
        self,
        load: Load,
        follower: Follower,
        outbox: Outbox,
        channels: Collection[str],
        *,
        settled: float = SETTLED,
        broken_off: float = BROKEN_OFF,
    ) -> None:
        self._load = load
        self._follower = follower
        self._outbox = outbox
        self._settled, self._broken_off = settled, broken_off
        self._whisper: Whisper | None = None
        self._away = float("-inf")  # when the store was away last, by the monotonic clock
        self.channels = {channel: Waiting() for channel in channels}

    def sound(self, message: Sound) -> None:
        """Keep what a channel brings, unless a person writes its captions: these stay so."""
        if message.channel not in self._follower.captions.holds:
            waiting = self.channels[message.channel]
            waiting.kept.put(message.packet.data, message.packet.pts)
            waiting.came_at = time.monotonic()

    async def run(self) -> None:
        """Hear what waits, until cancelled."""
        await self._follower.ready.wait()
        while True:
            for channel in self.channels:
                while await self._in_step() and await self.look(channel):
                    pass
            await asyncio.sleep(LOOK)

    async def _in_step(self) -> bool:
        """Whether we know of every cue that was written live.

        Where the store is away they wait in another process: without them all that was said would
        be missing, and be written a second time.
        """
        try:
            async with asyncio.timeout(LONGEST_PAUSE):
                await self._follower.caught_up()
        except (StoreUnavailable, TimeoutError):
            self._away = time.monotonic()
        return time.monotonic() - self._away > self._settled

    async def look(self, channel: str) -> bool:
        """Hear the oldest stretch of a channel if it is complete; say whether there was one."""
        waiting = self.channels[channel]
        over = time.monotonic() - waiting.came_at > self._broken_off
        until = float("inf") if over else waiting.kept.newest - self._settled
        packets, hole = waiting.kept.oldest(LONGEST, until)
        full = bool(packets) and packets[-1].time - packets[0].time > LONGEST - 0.1
        if not packets or not (full or hole or over):
            return False
        from captions.hearing import second

        stretch = await in_thread(partial(second.stretch, packets))
        if full:
            stretch = stretch.until(second.ending(stretch, self._cues(channel, stretch)))
        if stretch.spoken >= LEAST:
            words = await in_thread(partial(second.hear, await self._model(), stretch))
            if words:
                captions, talks = self._follower.captions, self._follower.audience.talks
                terms = terms_of(captions, talks.said_on(channel, stretch.start))
                by = Repair(terms), captions.rules
                words = await in_thread(partial(rewritten, words, by))
                self._write(channel, stretch, words)
        waiting.heard += stretch.end - stretch.start
        waiting.kept.heard(stretch.end if full else packets[-1].time + 0.001)
        return True

    async def _model(self) -> "Whisper":
        """The model, once it loads; meanwhile what waits is let go, the oldest first."""
        while self._whisper is None:
            try:
                self._whisper = await in_thread(self._load)
            except ModelUnavailable as error:
                logger.warning("second hearing: %s", error)
                await asyncio.sleep(MODEL_PAUSE)
        return self._whisper

    def _cues(self, channel: str, stretch: "Stretch") -> list[Cue]:
        """The cues that were said in a stretch, and a little around it, as they were heard."""
        return self._follower.captions.heard(channel, stretch.start - AROUND, stretch.end + AROUND)

    def _write(self, channel: str, stretch: "Stretch", words: Sequence[Word]) -> None:
        captions = self._follower.captions
        cues = self._cues(channel, stretch)
        own, before, after = stretch.among(cues)
        verdict = vote(own, words, before, after)
        missed = [
            cue
            for cue in Layout(channel).add(verdict.missed, ended=True)
            if captions.find(cue.id) is None
        ]
        for cue in (*verdict.changed, *missed):
            self._outbox.put(channel, cue)
        waiting = self.channels[channel]
        waiting.cues += len(verdict.changed) + len(missed)
        waiting.words += verdict.words


async def run(folder: Folder, settings: Settings) -> None:
    """Be the reread process."""
    channels = settings.captions.channels
    url = stores.address(folder, settings.store.url)
    async with (
        stores.connected(url) as store,
        journal.opened(store, settings.event.slug, settings.store.replicas) as book,
    ):
        follower = Follower(book, heeds=TALKS_AND_CAPTIONS)
        outbox = Outbox(follower.append)
        rereader = Rereader(
            partial(_load, settings.captions, folder.cache), follower, outbox, channels
        )
        async with running(
            follower.run(),
            outbox.run(),
            rereader.run(),
            _tell(rereader, Board(store, settings.event.slug)),
        ):
            await _follow(folder.media, rereader)


def _load(captions: Captions, cache: Path) -> "Whisper":
    """The model of the settings. Raises ModelUnavailable."""
    from captions.models import loading, machine

    here = machine.look()
    model = captions.second_pass
    if model == AUTO:
        model, here = captions.model, replace(here, cores=here.cores * MORE)
    return loading.load(model, cache, channels=len(captions.channels), here=here, whole=True)


async def _follow(place: link.Place, rereader: Rereader) -> None:
    while True:
        try:
            async with link.connected(place) as media:
                for channel in rereader.channels:
                    media.send(Follow("sound", channel))
                async for message in media.receive():
                    if isinstance(message, Sound) and message.channel in rereader.channels:
                        rereader.sound(message)
        except LinkLost as error:
            logger.debug("media: %s", error)
        await asyncio.sleep(PAUSE)


async def _tell(rereader: Rereader, board: Board) -> None:
    since = round(time.time(), 3)
    while True:
        for channel, waiting in rereader.channels.items():
            figures = Second(
                since,
                round(waiting.heard, 1),
                round(waiting.kept.seconds, 1),
                round(waiting.kept.left, 1),
                waiting.cues,
                waiting.words,
            )
            await board.tell(channel, figures)
        await asyncio.sleep(TELL)
