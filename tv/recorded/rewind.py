"""Rewind: from live back to the start of the talk that goes on, out of what was recorded of it.

While a talk is live, and may be recorded, its segments are at the addresses that they had when they
were live, from the first that began after the talk did. `rewind-media.m3u8` is `media.m3u8` with
all of them before the live ones. When the talk ends they are its replay's alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from captions.cues import Cue
from captions.written.webvtt import settled_vtt
from engagement.talks import Talk
from streaming.hls.rewind import earlier
from streaming.hls.tags import Entry
from streaming.hls.window import Window
from streaming.recording.index import Recorded
from tv.problems import Problem
from tv.recorded.recordings import Recordings
from tv.replies import Reply

REACH = 4 * 3600.0  # seconds: the most of a talk that is listed, for the sake of phones
FOREVER = 1e11  # seconds: later than any broadcast

# A name stands for the same bytes for ever, but what is recorded may be withdrawn.
KEPT = b"public, max-age=600, immutable"
CUES = b"public, max-age=60"  # they may be corrected


@dataclass(frozen=True)
class Past:
    """What is recorded of the talk that is live on a channel, as of a version of its recording."""

    since: float = 0.0
    version: int = -1
    recorded: Sequence[Recorded] = ()
    by_name: Mapping[str, Recorded] = field(default_factory=dict)
    inits: frozenset[str] = frozenset()


class Rewind:
    """What of each channel can be rewound to.

    `talks()` are all of them, `cues(channel, start, end)` the captions heard between two times;
    `now` is the broadcast clock.
    """

    def __init__(
        self,
        recordings: Recordings,
        talks: Callable[[], Iterable[Talk]],
        cues: Callable[[str, float, float], Sequence[Cue]],
        now: Callable[[], float],
    ) -> None:
        self._recordings = recordings
        self._talks = talks
        self._cues = cues
        self._now = now
        self._pasts: defaultdict[str, Past] = defaultdict(Past)
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._entries: defaultdict[str, tuple[object, list[Entry]]] = defaultdict(lambda: ("", []))

    async def earlier(self, channel: str, window: Window) -> list[Entry]:
        """What a playlist lists before `window`: the same list as long as it holds the same.

        Raises Problem: 404 when no talk is live on the channel that may be recorded, or 503.
        """
        while True:
            if (past := await self._past(channel)) is None:
                raise Problem(
                    404,
                    "nothing-to-rewind",
                    "Rien à revoir",
                    "Aucune intervention enregistrée n’est en cours sur ce canal.",
                )
            if (first := next(iter(window.listed()), None)) is None:
                return []
            version = (past.since, past.version, first.opened.name)
            known, entries = self._entries[channel]
            if known == version:
                return entries  # the window has not moved since: nothing was waited for
            async with self._reading[channel]:
                if self._entries[channel][0] == version:
                    continue
                kept = [
                    each
                    for each in window.segments
                    if past.since <= each.opened.start and each.opened.msn < first.opened.msn
                ]
                # Thousands of them: the loop has other things to do meanwhile.
                made = partial(earlier, past.recorded, kept, first)
                entries = await self._recordings.in_thread(made)
                self._entries[channel] = (version, entries)

    async def file(self, channel: str, name: str) -> Reply | None:
        """A segment, its captions or an initialisation section. Raises Problem (404 or 503)."""
        stem, _, suffix = name.rpartition(".")
        if suffix not in ("m4s", "mp4", "vtt") or (past := await self._past(channel)) is None:
            return None
        if suffix == "mp4":
            if stem not in past.inits:
                return None
            data = await self._recordings.read_init(channel, stem, past.since, FOREVER)
            return _media(name, data)
        if (recorded := past.by_name.get(stem)) is None:
            return None
        if suffix == "m4s":
            return _media(name, await self._recordings.read(channel, recorded))
        return await self._captions(channel, recorded)

    async def _captions(self, channel: str, recorded: Recorded) -> Reply | None:
        start, end = recorded.start, recorded.end
        init = await self._recordings.init(channel, recorded.init, start, end)
        if init is None:
            return None
        cues = self._cues(channel, start, end)
        text = settled_vtt(cues, start, end, init.origin)
        return Reply.of(b"text/vtt; charset=utf-8", CUES, (text.encode(),))

    async def _past(self, channel: str) -> Past | None:
        """None when there is nothing that may be rewound to."""
        since = self._since(channel)
        if since is None:
            self._pasts.pop(channel, None)
            return None
        if not self._is_new(channel, since):
            async with self._reading[channel]:  # one reads for all who ask
                if not self._is_new(channel, since):
                    self._pasts[channel] = await self._read(channel, since)
        return self._pasts[channel]

    async def _read(self, channel: str, since: float) -> Past:
        version = self._recordings.version(channel)
        start = max(since, self._now() - REACH)
        overlapping = await self._recordings.between(channel, start, FOREVER)
        recorded = [each for each in overlapping if each.start >= start]
        inits = frozenset(each.init for each in recorded)
        return Past(since, version, recorded, {each.name: each for each in recorded}, inits)

    def _is_new(self, channel: str, since: float) -> bool:
        past = self._pasts[channel]
        return (past.since, past.version) == (since, self._recordings.version(channel))

    def _since(self, channel: str) -> float | None:
        for talk in self._talks():
            if talk.channel == channel and talk.state == "live" and talk.recorded:
                return talk.started_at
        return None


def _media(name: str, data: bytes) -> Reply:
    return Reply.of(b"video/mp4", KEPT, (data,), tag=b'"%b"' % name.encode())
