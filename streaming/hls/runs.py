"""Encoded frames on the broadcast clock as runs of a fragment: times count from the origin."""

from collections.abc import Sequence

from streaming import aac
from streaming.hls import fmp4
from streaming.packet import Packet

# After continuity the sound of a feed is always this (streaming/sound.py).
SOUND_CONFIG = aac.make_config(48_000, 2)
SOUND_RATE = 48_000


def picture_run(
    frames: Sequence[Packet], end: float, origin: float, delay: float = 0.0
) -> fmp4.Run:
    """A run of pictures, whose last is followed by a time of decoding of `end`.

    With B-frames the first picture is shown some frames after it is decoded. Players place a
    stream by the time of its first fragment: were that the decoding time, they would be wrong by as
    much, sound would jump, and Chromium drops the picture after such a jump up to the next
    keyframe. So times are told late by that `delay`, and the edit list takes it off again.
    """
    times = [_ticks(each.dts + delay - origin) for each in frames]
    times.append(max(times[-1] + 1, _ticks(end + delay - origin)))
    return fmp4.Run(
        fmp4.VIDEO_TRACK,
        times[0],
        [
            fmp4.Sample(
                packet.data,
                times[index + 1] - times[index],
                packet.key,
                _ticks(packet.pts + delay - origin) - times[index],
            )
            for index, packet in enumerate(frames)
        ],
    )


def sound_run(sounds: Sequence[Packet], origin: float) -> fmp4.Run:
    """A run of sound."""
    times = [round((packet.pts - origin) * SOUND_RATE) for packet in sounds]
    times.append(times[-1] + aac.FRAME)
    return fmp4.Run(
        fmp4.SOUND_TRACK,
        times[0],
        [
            fmp4.Sample(packet.data, times[index + 1] - times[index])
            for index, packet in enumerate(sounds)
        ],
    )


def _ticks(time: float) -> int:
    return round(time * fmp4.VIDEO_TIMESCALE)
