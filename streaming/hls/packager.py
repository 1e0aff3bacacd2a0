"""From a channel's frames to parts and segments, announced to its live window as they come."""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from streaming import aac, h264
from streaming.feed import Feed
from streaming.hls import fmp4
from streaming.hls.cutter import HOLE, PART_TARGET, Cut, Cutter
from streaming.hls.window import InitAdded, PartAdded, SegmentClosed, SegmentOpened, WindowEvent
from streaming.packet import Packet

logger = logging.getLogger(__name__)

# After continuity the sound of a feed is always this (streaming/sound.py).
SOUND_CONFIG = aac.make_config(48_000, 2)
SOUND_RATE = 48_000
SOUND_FRAME = aac.FRAME / SOUND_RATE  # seconds

# Seconds of picture that a part waits for its sound. A feed's sound always comes, as silence if
# need be, up to three seconds late; a part without its own costs viewers dearly: Chromium takes
# the jump of the sound for a new group, and drops the picture up to the next keyframe.
PATIENCE = 4.0
SOUND_BACKLOG = 1024  # packets, about 20 s


@dataclass(frozen=True, slots=True)
class _Open:
    """The segment that is being written."""

    msn: int
    start: float  # dts of its first frame
    delay: float  # of showing a frame after decoding it: sound is cut that much later


class Packager:
    """Makes muxed fragments of one picture and its sound; one loop calls it, in decoding order.

    The time 0 of the media is `origin`, for as long as the channel exists. `epoch` tells one run of
    media from another in the names of segments. `next_msn` and `next_discontinuity` take numbers
    that were never used, on disk before they return.
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
    ) -> None:
        self._origin = origin
        self._epoch = epoch
        self._next_msn = next_msn
        self._next_discontinuity = next_discontinuity
        self._emit = emit
        self._part_target = PART_TARGET * part
        self._cutter = Cutter(part, segment)
        self._cuts: deque[Cut] = deque()  # decided, and waiting for their sound
        self._frames: deque[Packet] = deque()
        self._sounds: deque[Packet] = deque(maxlen=SOUND_BACKLOG)
        self._picture_until = self._sound_until = float("-inf")
        self._segment: _Open | None = None
        self._part_start = 0.0
        self._part_index = 0
        self._sequence = 0
        self._init = ""
        self._discontinuity = 0
        self._delay = 0.0  # seconds from decoding to showing, at the last break: see _picture_run
        self._left_out = 0

    async def run(self, feed: Feed) -> None:
        """Follow the feed from its newest keyframe until it is closed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_sound(feed))
            async for packet in feed.video.follow():
                self.video(packet)

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
        self._write_part(segment, cut.time, cut.time + delay)
        if goes_on:
            return
        self._emit(SegmentClosed(segment.msn, cut.time - segment.start))
        start = first.dts if cut.kind == "break" else cut.time
        self._begin(first, start, delay, broken=cut.kind == "break")

    def _begin(self, first: Packet, start: float, delay: float, *, broken: bool) -> None:
        if broken:
            self._discontinuity = self._next_discontinuity()
            self._delay = delay
            self._announce_init(first.config)
        self._segment = _Open(self._next_msn(), start, delay)
        self._part_start, self._part_index = start, 0
        while self._sounds and self._sounds[0].pts < start + delay:
            self._sounds.popleft()  # it was heard before this segment's first picture
        self._emit(
            SegmentOpened(
                self._segment.msn,
                f"{self._epoch}-{self._segment.msn}",
                start + delay,
                self._init,
                self._discontinuity,
            )
        )

    def _announce_init(self, config: bytes) -> None:
        delay = round(self._delay * fmp4.VIDEO_TIMESCALE)
        data = fmp4.init_section(config, SOUND_CONFIG, delay)
        info = h264.parse_sps(h264.parameter_sets(config)[0][0])
        self._init = hashlib.sha256(data).hexdigest()[:16]
        codecs = f"{h264.codec_string(config)},{aac.codec_string(SOUND_CONFIG)}"
        self._emit(
            InitAdded(
                self._init, data, codecs, info.width, info.height, self._origin, self._part_target
            )
        )

    def _write_part(self, segment: _Open, until: float, sound_until: float) -> None:
        frames = _take(self._frames, lambda packet: packet.dts < until)
        sounds = _take(self._sounds, lambda packet: packet.pts < sound_until)
        if not frames and not sounds:
            return  # the next part will reach back to here
        runs = []
        if frames:
            runs.append(self._picture_run(frames, until, sound_until))
        if sounds:
            runs.append(self._sound_run(sounds))
        self._sequence += 1
        self._emit(
            PartAdded(
                segment.msn,
                self._part_index,
                until - self._part_start,
                bool(frames) and frames[0].key,
                fmp4.fragment(self._sequence, runs),
            )
        )
        self._part_start = until
        self._part_index += 1

    def _picture_run(self, frames: list[Packet], until: float, shown_until: float) -> fmp4.Run:
        """A run of pictures, whose last is seen until the next, or until `shown_until`.

        With B-frames the first picture is shown some frames after it is decoded. Players place a
        stream by the time of its first fragment: were that the decoding time, they would be wrong
        by as much, sound would jump, and Chromium drops the picture after such a jump up to the
        next keyframe. So times are told late by that delay, and the edit list takes it off again.
        """
        times = [self._ticks(each.dts + self._delay, fmp4.VIDEO_TIMESCALE) for each in frames]
        last, following = frames[-1], self._frames[0] if self._frames else None
        goes_on = following is not None and following.config == last.config
        if following is None or not goes_on:
            end = last.dts + self._delay + shown_until - last.pts  # a length counts from its pts
        elif following.dts - last.dts > HOLE:
            end = until + self._delay
        else:
            end = following.dts + self._delay
        times.append(max(times[-1] + 1, self._ticks(end, fmp4.VIDEO_TIMESCALE)))
        return fmp4.Run(
            fmp4.VIDEO_TRACK,
            times[0],
            [
                fmp4.Sample(
                    packet.data,
                    times[index + 1] - times[index],
                    packet.key,
                    self._ticks(packet.pts + self._delay, fmp4.VIDEO_TIMESCALE) - times[index],
                )
                for index, packet in enumerate(frames)
            ],
        )

    def _sound_run(self, sounds: list[Packet]) -> fmp4.Run:
        times = [self._ticks(packet.pts, SOUND_RATE) for packet in sounds]
        times.append(times[-1] + aac.FRAME)
        return fmp4.Run(
            fmp4.SOUND_TRACK,
            times[0],
            [
                fmp4.Sample(packet.data, times[index + 1] - times[index])
                for index, packet in enumerate(sounds)
            ],
        )

    def _ticks(self, time: float, timescale: int) -> int:
        return round((time - self._origin) * timescale)


def _take(queue: deque[Packet], wanted: Callable[[Packet], bool]) -> list[Packet]:
    taken = []
    while queue and wanted(queue[0]):
        taken.append(queue.popleft())
    return taken
