"""What media has the ladder encode, and what comes of it."""

from streaming.link.message import Message
from streaming.packet import Packet

# From media.


class Encode(Message, frozen=True):
    """Ask the ladder to make H.264 without B-frames, a keyframe every 2 s, of what follows.

    `height` and `frame_rate` are the most that it may have; sizes are even. `name` is for the log.
    A `rendition` has its keyframes where what follows has them, and waits for all other work.
    """

    job: int
    name: str
    codec: str
    height: int
    frame_rate: float
    rendition: bool = False


class EncodeFrame(Message, frozen=True):
    """A frame for a job, in decoding order; the first one can be decoded by itself."""

    job: int
    packet: Packet


class EncodeKey(Message, frozen=True):
    """Make the next frame of a job a keyframe: a viewer has lost the picture."""

    job: int


class EncodeEnd(Message, frozen=True):
    """Nobody wants what a job makes any more."""

    job: int


# To media.


class Room(Message, frozen=True):
    """The ladder says how many jobs it can do at a time."""

    jobs: int


class Encoded(Message, frozen=True):
    """A frame that a job has made, at the times of the frame that it was made of."""

    job: int
    packet: Packet


class EncodeFailed(Message, frozen=True):
    """A job is over: its frames cannot be decoded, or the machine does not keep up; in French.

    `slow` tells the two apart: less of a picture might do.
    """

    job: int
    reason: str
    slow: bool = False
