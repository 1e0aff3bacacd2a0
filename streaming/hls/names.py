"""What the names of segments and parts stand for: "{epoch}-{msn}", and "{epoch}-{msn}.{part}"."""

from streaming.hls.window import Segment, Window

DIGITS = 15  # of a number that is meant seriously


def number(text: str) -> int | None:
    """A decimal-integer (RFC 8216bis, 4.2) that is not absurd."""
    valid = text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if valid else None


def msn_of(name: str) -> int | None:
    """The media sequence number in a segment's name."""
    epoch, _, msn = name.partition("-")
    return None if number(epoch) is None else number(msn)


def find(window: Window, name: str) -> Segment | None:
    """The segment of this very name, if it is still there."""
    msn = msn_of(name)
    segment = None if msn is None else window.find(msn)
    return segment if segment is not None and segment.opened.name == name else None


def hinted(window: Window, name: str, index: int) -> bool:
    """Whether the playlist announces this part, which is not there yet."""
    last = window.last
    if last is None:
        return False
    if last.duration is None:
        return name == last.opened.name and index == len(last.parts)
    return msn_of(name) == last.opened.msn + 1 and index == 0
