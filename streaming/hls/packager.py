"""From a channel's frames to parts and segments, announced to its live window as they come."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streaming import aac, h264
from streaming.feed import Feed
from streaming.hls import fmp4
from streaming.hls.cutter import HOLE, PART_TARGET, Cut, Cutter
from streaming.hls.runs import SOUND_CONFIG, SOUND_RATE, picture_run, sound_run
from streaming.hls.steps import Close, Open, Part, Rendition, Step
from streaming.hls.window import WindowEvent
from streaming.hls.writer import Writer
from streaming.packet import Packet

logger = logging.getLogger(__name__)

SOUND_FRAME = aac.FRAME / SOUND_RATE  # seconds

# Seconds of picture that a part waits for its sound. A feed's sound always comes, as silence if
# need be, up to three seconds late; a part without its own costs viewers dearly: Chromium takes
# the jump of the sound for a new group, and drops the picture up to the next keyframe.
PATIENCE = 4.0
SOUND_BACKLOG = 1024  # packets, about 20 s


@dataclass(frozen=True, slots=True)
class _Open:
    """The segment that is being written."""

    start: float  # dts of its first frame
    delay: float  # of showing a frame after decoding it: sound is cut that much later


class Packager:
    """Makes muxed fragments of one picture and its sound; one loop calls it, in decoding order.

    The time 0 of the media is `origin`, for as long as the channel exists. `epoch` tells one run of
    media from another in the names of segments. `next_msn` and `next_discontinuity` take numbers
    that were never used, on disk before they return. Each step is given to the other `renditions`,
    with the sound that it brings: they are cut where this one is.
    """

    def __init__(
        self,
        *,
        origin: float,
        epoch: int,
        next_msn: Callable[[], int],
        next_discontinuity: Callable[[], int],
        emit: Callable[[WindowEvent], None],
        part: float = 0.5,
        segment: float = 2.0,
        renditions: Sequence[Rendition] = (),
    ) -> None:
        self._origin = origin
        self._epoch = epoch
        self._next_msn = next_msn
        self._next_discontinuity = next_discontinuity
        self._writer = Writer(emit, origin, PART_TARGET * part)
        self._renditions = renditions
        self._cutter = Cutter(part, segment)
        self._cuts: deque[Cut] = deque()  # decided, and waiting for their sound
        self._sound_wanted = asyncio.Event()  # by a cut, or for good: no more frames come
        self._over = False
        self._frames: deque[Packet] = deque()
        self._sounds: deque[Packet] = deque(maxlen=SOUND_BACKLOG)
        self._picture_until = self._sound_until = float("-inf")
        self._segment: _Open | None = None
        self._discontinuity = 0
        self._delay = 0.0  # seconds from decoding to showing, at the last break: see picture_run
        self._left_out = 0

    async def run(self, feed: Feed) -> None:
        """Follow the feed from its newest keyframe until it is closed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_sound(feed))
            async for packet in feed.video.follow():
                self.video(packet)
                feed.due = self._cutter.due
            self._over = True
            self._sound_wanted.set()

    def video(self, packet: Packet) -> None:
        """Take the next frame of the picture. Frames that go back in time are left out."""
        cuts = self._cutter.add(packet) if packet.dts >= self._origin else None
        if cuts is None:
            self._left_out += 1
            return
        if self._left_out:
            logger.warning("hls: %d frames left out, waiting for a keyframe", self._left_out)
            self._left_out = 0
        if self._segment is None:
            self._begin(packet, packet.dts, packet.pts - packet.dts, broken=True)
        self._frames.append(packet)
        self._picture_until = packet.dts
        self._cuts += cuts
        self._advance()
        if self._cuts:
            self._sound_wanted.set()

    def sound(self, packet: Packet) -> None:
        """Take the next packet of sound. What was heard before the first picture is left out."""
        segment = self._segment
        if segment is None or packet.pts >= segment.start + segment.delay:
            self._sounds.append(packet)
        self._sound_until = packet.dts + SOUND_FRAME
        self._advance()

    async def _follow_sound(self, feed: Feed) -> None:
        async for packet in feed.aac.follow():
            self.sound(packet)
            if not self._cuts and not self._over:
                # To be woken for each packet would cost more than the packets do.
                self._sound_wanted.clear()
                await self._sound_wanted.wait()

    def _advance(self) -> None:
        """Carry out the cuts whose sound is there, or has been waited for long enough."""
        while self._cuts and self._segment is not None:
            heard = self._cuts[0].time + self._segment.delay
            if self._sound_until < heard and self._picture_until < heard + PATIENCE:
                return
            self._carry_out(self._cuts.popleft(), self._segment)

    def _carry_out(self, cut: Cut, segment: _Open) -> None:
        first = cut.first
        goes_on = cut.kind == "part"
        delay = first.pts - first.dts if first.key and not goes_on else segment.delay
        self._write_part(cut.time, cut.time + delay)
        if goes_on:
            return
        self._writer.close(cut.time)
        self._tell(Close(cut.time, cut.time + delay))
        start = first.dts if cut.kind == "break" else cut.time
        self._begin(first, start, delay, broken=cut.kind == "break")

    def _begin(self, first: Packet, start: float, delay: float, *, broken: bool) -> None:
        if broken:
            self._discontinuity = self._next_discontinuity()
            self._delay = delay
            self._announce_init(first.config)
        self._segment = _Open(start, delay)
        while self._sounds and self._sounds[0].pts < start + delay:
            self._sounds.popleft()  # it was heard before this segment's first picture
        msn = self._next_msn()
        name = f"{self._epoch}-{msn}"
        step = Open(msn, name, start, start + delay, first.key, self._discontinuity)
        self._writer.open(step)
        self._tell(step)

    def _announce_init(self, config: bytes) -> None:
        delay = round(self._delay * fmp4.VIDEO_TIMESCALE)
        data = fmp4.init_section(config, SOUND_CONFIG, delay)
        info = h264.parse_sps(h264.parameter_sets(config)[0][0])
        codecs = f"{h264.codec_string(config)},{aac.codec_string(SOUND_CONFIG)}"
        self._writer.init(data, codecs, info.width, info.height)

    def _write_part(self, until: float, shown: float) -> None:
        frames = _take(self._frames, lambda packet: packet.dts < until)
        sounds = _take(self._sounds, lambda packet: packet.pts < shown)
        sound = sound_run(sounds, self._origin) if sounds else None
        runs = [sound] if sound else []
        if frames:
            end = self._end(frames[-1], until, shown)
            runs.insert(0, picture_run(frames, end, self._origin, self._delay))
        self._writer.part(until, runs, independent=bool(frames) and frames[0].key)
        self._tell(Part(until, shown, sound))

    def _end(self, last: Packet, until: float, shown: float) -> float:
        """Until when the last picture of a part lasts, as a time of decoding."""
        following = self._frames[0] if self._frames else None
        if following is None or following.config != last.config:
            return last.dts + shown - last.pts  # a length counts from its pts
        return until if following.dts - last.dts > HOLE else following.dts

    def _tell(self, step: Step) -> None:
        for rendition in self._renditions:
            rendition.take(step)


def _take(queue: deque[Packet], wanted: Callable[[Packet], bool]) -> list[Packet]:
    taken = []
    while queue and wanted(queue[0]):
        taken.append(queue.popleft())
    return taken
