"""The captions process: the channels' sound in, cues to the journal, words still open to pages."""

import asyncio
import logging
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from captions import files, sound, webvtt, weights
from captions.cues import Cue, CueWritten, Word
from captions.errors import CaptionsError, ModelUnavailable, SoundUnreadable
from captions.layout import Layout
from captions.live import Captioner, Heard
from captions.whisper import Whisper
from captions.worker import Worker
from streaming import link
from streaming.errors import LinkLost
from streaming.link import Follow, Now, Sound
from tv import journal, reasons
from tv import store as stores
from tv.folder import Folder
from tv.journal import StoreUnavailable
from tv.partial import PARTIALS, OpenWord, Partial
from tv.settings import Settings
from tv.tasks import running

logger = logging.getLogger(__name__)

HEARTBEAT = 1.0  # seconds
WAITING = 200  # cues that may wait for the store
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before trying again
MODEL_PAUSE = 30.0  # seconds before a model that does not load is tried again

Append = Callable[[CueWritten], Awaitable[str]]


class Outbox:
    """Cues on their way to the journal; they wait for a store that is away, up to a limit."""

    def __init__(self, append: Append, limit: int = WAITING) -> None:
        self._append = append
        self._limit = limit
        self._cues: OrderedDict[str, CueWritten] = OrderedDict()
        self._wanted = asyncio.Event()
        self.dropped = 0

    def put(self, channel: str, cue: Cue) -> None:
        """Send `cue` as soon as possible. A newer revision takes the place of one that waits."""
        self._cues[cue.id] = CueWritten(channel, cue)
        if len(self._cues) > self._limit:
            self._cues.popitem(last=False)
            self.dropped += 1
            logger.warning("captions: the store is away, %d cues dropped", self.dropped)
        self._wanted.set()

    async def run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._wanted.wait()
            if not self._cues:
                self._wanted.clear()
                continue
            event = next(iter(self._cues.values()))
            try:
                await self._append(event)
            except StoreUnavailable as error:
                logger.warning("captions: the store does not take a cue (%s)", error)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            pause = FIRST_PAUSE
            if self._cues.get(event.cue.id) is event:  # else a newer revision came meanwhile
                del self._cues[event.cue.id]


class Live:
    """One channel while it is captioned."""

    def __init__(self, channel: str, whisper: Whisper, outbox: Outbox) -> None:
        self.channel = channel
        self._outbox = outbox
        self._layout = Layout(channel)
        self._loop = asyncio.get_running_loop()
        self._partial: tuple[Word, ...] = ()
        self._moved_at = time.monotonic()
        self._time = time.time()  # on the broadcast clock, when last known
        self.changed = asyncio.Event()
        self.worker = Worker(Captioner(whisper), self._hear)

    def sound(self, message: Sound) -> None:
        self.worker.put(message.packet.data, message.packet.pts)

    def now_is(self, broadcast_time: float) -> None:
        self._time, self._moved_at = broadcast_time, time.monotonic()

    def partial(self) -> Partial:
        words = [OpenWord(word.text, word.start, word.end) for word in self._partial]
        at = self._time + time.monotonic() - self._moved_at
        return Partial(self.channel, words, self.worker.state, round(at, 3))

    def _hear(self, heard: Heard) -> None:
        self._loop.call_soon_threadsafe(self._take, heard)

    def _take(self, heard: Heard) -> None:
        for cue in self._layout.add(heard.settled, ended=heard.ended):
            self._outbox.put(self.channel, cue)
        self._partial = heard.partial
        self.changed.set()


async def run(folder: Folder, settings: Settings) -> None:
    """Be the captions process. A model that does not load is told to pages, and tried again."""
    channels = settings.captions.channels
    url = stores.address(folder, settings.store.url)
    async with stores.connected(url) as store, journal.opened(store, settings.event.slug) as book:
        said = ""
        while True:
            try:
                whisper = await asyncio.to_thread(_loaded, settings.captions.model, folder.cache)
                break
            except ModelUnavailable as error:
                if str(error) != said:  # the same trouble is told once
                    said = str(error)
                    logger.error("captions: %s", error)
            async with running(_explain(store, channels, said)):
                await asyncio.sleep(MODEL_PAUSE)
        await caption(folder.media_socket, store, book.append, whisper, channels)


def _loaded(model: str, cache: Path, progress: weights.Progress | None = None) -> Whisper:
    """Raises ModelUnavailable."""
    folder = weights.resolve(model, cache, progress)
    try:
        return Whisper(folder)
    except ModelUnavailable:
        raise
    except Exception as error:  # the tokenizer's file is damaged: that library raises the root
        raise ModelUnavailable(
            f"Le modèle de sous-titrage « {folder} » ne se charge pas : « tokenizer.json » est "
            "abîmé ; remplacez ce dossier par une copie complète."
        ) from error


async def _explain(store: Redis, channels: Sequence[str], reason: str) -> None:
    """Tell pages why there are no captions, until cancelled."""
    while True:
        for channel in channels:
            told = Partial(channel, [], "interrupted", round(time.time(), 3), reason)
            try:
                await store.publish(PARTIALS, msgspec.json.encode(told))
            except (RedisError, OSError) as error:
                logger.debug("captions: the store does not answer (%s)", error)
        await asyncio.sleep(HEARTBEAT)


async def caption(
    link_path: Path, store: Redis, append: Append, whisper: Whisper, channels: Sequence[str]
) -> None:
    """Caption `channels` until cancelled, whatever becomes of media and of the store."""
    outbox = Outbox(append)
    with ExitStack() as stack:
        lives = {channel: Live(channel, whisper, outbox) for channel in channels}
        for live in lives.values():
            stack.enter_context(live.worker)
        publishing = [_publish(live, store) for live in lives.values()]
        async with running(outbox.run(), *publishing):
            await _follow(link_path, lives)


async def _follow(link_path: Path, lives: dict[str, Live]) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            async with link.connected(link_path) as media:
                for channel in lives:
                    media.send(Follow("sound", channel))
                async for message in media.receive():
                    pause = FIRST_PAUSE
                    match message:
                        case Sound(channel=channel) if channel in lives:
                            lives[channel].sound(message)
                        case Now(time=now):
                            for live in lives.values():
                                live.now_is(now)
            logger.info("captions: media went away")
        except LinkLost as error:
            logger.info("captions: %s", error)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


async def _publish(live: Live, store: Redis) -> None:
    """Tell pages of open words as they come, and every second how captions fare."""
    failures = 0
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await live.changed.wait()
        except TimeoutError:
            pass
        live.changed.clear()
        try:
            await store.publish(PARTIALS, msgspec.json.encode(live.partial()))
            failures = 0
        except (RedisError, OSError) as error:
            failures += 1
            if failures == 1:
                logger.warning("captions: the store does not answer (%s)", error)
            await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * failures))


def caption_command(
    file: Path, realtime: bool, as_json: bool, glossary: Path | None, model: str, cache: Path
) -> int:
    """`fabrique-tv caption`: print a file's captions; return the exit status."""
    try:
        _check(file)
        terms = _terms(glossary)
        whisper = _loaded(model, cache, _progress())
        _print_captions(file, Captioner(whisper, glossary=terms), realtime, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough
        return 0
    except CaptionsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _check(file: Path) -> None:
    """Raises SoundUnreadable, before the model is loaded for nothing."""
    why = ""
    try:
        if file.is_dir():
            why = "c’est un dossier"
        elif file.is_file():  # else a pipe, that can be read once only
            with file.open("rb"):
                next(sound.read(file), None)
        else:
            file.stat()
    except OSError as error:
        why = reasons.of_system(error)
    except SoundUnreadable as error:
        if error.__cause__ is None:
            raise  # there is no sound in it
        why = "ce n’est pas un média que nous savons lire"
    if why:
        raise SoundUnreadable(
            f"« {file} » est illisible ({why}) : donnez le chemin d’un fichier son ou vidéo."
        )


def _print_captions(file: Path, captioner: Captioner, realtime: bool, as_json: bool) -> None:
    layout = Layout("fichier")
    cues: dict[str, Cue] = {}
    waits: list[float] = []
    processor, began, end = time.process_time(), time.monotonic(), 0.0
    for shown in files.caption(file, captioner, realtime=realtime):
        end = max(end, shown.at)
        for cue in layout.add(shown.heard.settled, ended=shown.heard.ended):
            cues[cue.id] = cue
        for word in shown.heard.settled:
            waits.append(shown.at - word.end)
            if as_json:
                line = {
                    "text": word.text,
                    "start": word.start,
                    "end": word.end,
                    "committed_at": round(shown.at, 3),
                }
                sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
                sys.stdout.flush()
    if not as_json:
        sys.stdout.write(webvtt.document(cues.values(), 0.0))
        return
    seconds = captioner.heard_until
    spent = time.process_time() - processor
    waits.sort()
    summary = {
        "summary": {
            "seconds": round(seconds, 3),
            "words": len(waits),
            "cues": len(cues),
            "cpu_seconds": round(spent, 3),
            "cores": round(spent / seconds, 3) if seconds else 0.0,
            "wall_seconds": round(time.monotonic() - began, 3),
            "commit_median": round(waits[len(waits) // 2], 3) if waits else None,
            "commit_p95": round(waits[int(len(waits) * 0.95)], 3) if waits else None,
            "refused": captioner.refused,
            "realtime": realtime,
        }
    }
    sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")


def _terms(glossary: Path | None) -> str:
    """The glossary's terms as one sentence for the model; a line holds one, `#` begins a remark."""
    if glossary is None:
        return ""
    try:
        text = glossary.read_text(encoding="utf-8")
    except OSError as error:
        raise SoundUnreadable(
            f"Glossaire « {glossary} » illisible ({reasons.of_system(error)}) : corrigez "
            "--glossary."
        ) from error
    except UnicodeDecodeError as error:
        raise SoundUnreadable(
            f"Glossaire « {glossary} » illisible : enregistrez-le en UTF-8."
        ) from error
    terms = [term for line in text.splitlines() if (term := line.split("#")[0].strip())]
    return ", ".join(terms) + "." if terms else ""


def _progress() -> weights.Progress | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        sys.stderr.write(f"\rModèle de sous-titrage : {100 * done // total} %")
        if done == total:
            sys.stderr.write("\n")

    return show
