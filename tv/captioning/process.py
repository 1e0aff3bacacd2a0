"""The captions process: the channels' sound in, cues to the journal, words still open to pages."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from captions.cues import Word
from captions.hearing.live import Captioner, Heard
from captions.hearing.whisper import Whisper
from captions.hearing.worker import Worker
from captions.wording import glossary
from captions.wording.captioned import Captioned
from captions.wording.rewriting import Rewriting
from captions.wording.rules import Rules
from captions.written.layout import Layout
from engagement.fold import View
from engagement.talks import TALKS, Talk
from streaming import link
from streaming.errors import LinkLost
from streaming.link import Follow, Now, Sound
from tv import journal
from tv import store as stores
from tv.captioning.holding import give_back
from tv.captioning.outbox import Outbox
from tv.captioning.partial import PARTIALS, OpenWord, Partial
from tv.captioning.preparing import prepared
from tv.captioning.quality import TELL, Board, First
from tv.captioning.terms import terms_of
from tv.folder import Folder
from tv.follower import EVERY_CAPTIONING, TALKS_AND_CAPTIONING, Follower
from tv.journal import heed_cancellation
from tv.process import trimming
from tv.settings import Settings
from tv.tasks import running

logger = logging.getLogger(__name__)

HEARTBEAT = 1.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before trying again
TRIMMED = 10.0  # seconds: steps leave 30 to 70 MB free, as their pieces happen to lie


class Clock:
    """The broadcast clock, as media last told it; wall time before that."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def tell(self, now: float) -> None:
        self._offset = now - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._offset


class Live:
    """One channel while it is captioned; it rests while a person has `taken` the channel."""

    def __init__(self, channel: str, whisper: Whisper, outbox: Outbox, clock: Clock) -> None:
        self.channel = channel
        self.taken = False
        self.changed = asyncio.Event()
        self._outbox = outbox
        self._clock = clock
        self._captioner = Captioner(whisper)
        self._rewriting = Rewriting()
        self._layout = Layout(channel)
        self._using: tuple[tuple[str, ...], Rules] | None = None
        self._speaker = ""
        self._partial: tuple[Word, ...] = ()
        self._loop = asyncio.get_running_loop()
        self.worker = Worker(self._captioner, self._hear)

    def sound(self, message: Sound) -> None:
        """Take in what is heard. What was said before the channel was taken is still written."""
        if not self.taken:
            self.worker.put(message.packet.data, message.packet.pts)

    def use(self, captions: Captioned, talk: Talk | None) -> None:
        """Write by the rules, the glossary and the hold of now; `talk` is live on the channel."""
        self.taken = self.channel in captions.holds
        since = talk.started_at if talk else None
        self._speaker = captions.speaker(self.channel, since or 0.0)
        terms = terms_of(captions, talk)
        if (terms, captions.rules) != self._using:
            self._using = terms, captions.rules
            self._captioner.instruct(glossary.prompt(terms))
            self._rewriting.use(glossary.Repair(terms), captions.rules)

    @property
    def refused(self) -> Mapping[str, int]:
        """How many transcripts were not believed, by the reason."""
        return self._captioner.refusals

    def partial(self) -> Partial:
        words = [OpenWord(word.text, word.start, word.end) for word in self._partial]
        return Partial(self.channel, words, self.worker.state, round(self._clock.now(), 3))

    def _hear(self, heard: Heard) -> None:
        """In the worker's thread, where a glossary of 200 terms may take its time."""
        settled, partial = self._rewriting.take(heard.settled, heard.partial, ended=heard.ended)
        self._loop.call_soon_threadsafe(self._take, settled, partial, heard.ended)

    def _take(self, settled: Sequence[Word], partial: tuple[Word, ...], ended: bool) -> None:
        now = round(self._clock.now(), 3)
        speaker = self._speaker
        for cue in self._layout.add(settled, ended=ended, at=now, speaker=speaker):
            self._outbox.put(self.channel, cue)
        self._partial = partial
        self.changed.set()


async def run(folder: Folder, settings: Settings) -> None:
    """Be the captions process. A model that does not load is told to pages, and tried again."""
    channels = settings.captions.channels
    url = stores.address(folder, settings.store.url)
    clock = Clock()
    async with (
        stores.connected(url) as store,
        journal.opened(store, settings.event.slug, settings.store.replicas) as book,
    ):
        follower = Follower(book, heeds=TALKS_AND_CAPTIONING)
        holding = give_back(follower, store, channels, clock.now)
        async with running(follower.run(), holding, trimming(TRIMMED)):
            model = settings.captions.model
            whisper = await prepared(model, folder.cache, channels, store, follower)
            board = Board(store, settings.event.slug)
            await caption(folder.media, store, follower, whisper, channels, clock, board)


async def caption(
    media: link.Place,
    store: Redis,
    follower: Follower,
    whisper: Whisper,
    channels: Sequence[str],
    clock: Clock,
    board: Board,
) -> None:
    """Caption `channels` until cancelled, whatever becomes of media and of the store.

    `follower` is run by whoever calls.
    """
    outbox = Outbox(follower.append)
    with ExitStack() as stack:
        lives = {channel: Live(channel, whisper, outbox, clock) for channel in channels}
        for live in lives.values():
            stack.enter_context(live.worker)
        stack.enter_context(_told(follower, lives))
        publishing = [_publish(live, store) for live in lives.values()]
        async with running(outbox.run(), _tell(lives, outbox, board), *publishing):
            await _follow(media, lives, clock)


async def _tell(lives: Mapping[str, Live], outbox: Outbox, board: Board) -> None:
    """Say how each channel does, for the crew's figures."""
    since = round(time.time(), 3)
    while True:
        for channel, live in lives.items():
            refused, skipped = dict(live.refused), round(live.worker.skipped, 1)
            await board.tell(channel, First(since, refused, outbox.dropped, skipped))
        await asyncio.sleep(TELL)


@contextmanager
def _told(follower: Follower, lives: Mapping[str, Live]) -> Iterator[None]:
    """Each channel works by what the journal says of it."""

    def use(views: Set[View]) -> None:
        if not views.isdisjoint((EVERY_CAPTIONING, TALKS)):
            for live in lives.values():
                live.use(follower.captions, follower.audience.talks.live_on(live.channel))

    use({EVERY_CAPTIONING})
    follower.changed.append(use)
    try:
        yield
    finally:
        follower.changed.remove(use)


async def _follow(place: link.Place, lives: Mapping[str, Live], clock: Clock) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            async with link.connected(place) as media:
                media.send(Follow("states"))  # for the time, that another machine may have wrong
                for channel in lives:
                    media.send(Follow("sound", channel))
                async for message in media.receive():
                    pause = FIRST_PAUSE
                    match message:
                        case Sound(channel=channel) if channel in lives:
                            lives[channel].sound(message)
                        case Now(time=now):
                            clock.tell(now)
            logger.info("captions: media went away")
        except LinkLost as error:
            logger.info("captions: %s", error)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


async def _publish(live: Live, store: Redis) -> None:
    """Tell pages of open words as they come, and every second how captions fare."""
    failures = 0
    while True:
        heed_cancellation()
        try:
            async with asyncio.timeout(HEARTBEAT):
                await live.changed.wait()
        except TimeoutError:
            pass
        live.changed.clear()
        if live.taken:
            continue  # whoever writes instead says how that goes
        try:
            await store.publish(PARTIALS, msgspec.json.encode(live.partial()))
            failures = 0
        except (RedisError, OSError) as error:
            failures += 1
            if failures == 1:
                logger.warning("captions: the store does not answer (%s)", error)
            await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * failures))
