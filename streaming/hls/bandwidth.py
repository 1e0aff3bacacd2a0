"""The bit rates of a live stream: as measured now, and as players should expect them."""

from collections.abc import Sequence

TARGET = 3.0  # seconds: what "segment bit rate" is about (RFC 8216bis, 4.1)
HALF_LIFE = 3600.0  # seconds after which half of the highest peak is forgotten
CALMEST = 4  # times that the mean of a studio's picture is below its peak, at most


def measured(segments: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """(peak, mean) bits per second of whole segments, given as (bytes, seconds).

    The peak is that of any run of segments about as long as a target duration ("peak segment bit
    rate", 4.1): what is shorter does not count by itself.
    """
    seconds = sum(length for _, length in segments)
    if not seconds:
        return 0.0, 0.0
    mean = peak = 8 * sum(size for size, _ in segments) / seconds
    for first in range(len(segments)):
        size, length = 0, 0.0
        for bytes_, more in segments[first:]:
            size, length = size + bytes_, length + more
            if length > 1.5 * TARGET:
                break
            if length >= 0.5 * TARGET:
                peak = max(peak, 8 * size / length)
    return peak, mean


def expected(
    before: tuple[float, float], now: tuple[float, float], seconds: float
) -> tuple[float, float]:
    """What to announce, when `before` was `seconds` ago, and `now` is measured.

    A waiting card costs nothing, and most viewers come while it is on air. What is announced is
    that of "a representative period" (4.4.6.2): the highest peak there was, slowly forgotten, and a
    mean that is not absurdly below it.
    """
    peak = max(now[0], before[0] * 0.5 ** (seconds / HALF_LIFE))
    return peak, max(now[1], peak / CALMEST)
