"""What qualities a channel may have beside its source, and whether one of them is there now."""

from streaming.hls.window import Window

AUDIO = "audio"
# Lines of the picture, the best first.
LINES = {"1080p": 1080, "720p": 720, "480p": 480, "360p": 360, "240p": 240}
NAMES = (*LINES, AUDIO)
BEHIND = 2  # segments by which a rendition may be later than the source


def in_step(source: Window, rendition: Window) -> bool:
    """Whether a rendition keeps up with the source, and has what a player needs to begin.

    One that was given up, or whose encoder is gone, stays behind for ever.
    """
    first, last = source.last, rendition.last
    return (
        first is not None
        and last is not None
        and 0 <= first.opened.msn - last.opened.msn <= BEHIND
        and any(segment.duration and segment.parts for segment in rendition.segments)
    )
