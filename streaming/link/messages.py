"""What our processes say to each other: each message says who sends it, and when.

Media is one end of every connection, or an edge that stands in for it. A web process follows the
windows and the channels' states and passes requests of viewers, studios and the crew on; captions
follow the sound; foreign inputs publish what they read; the ladder encodes what media asks it to;
watch looks at the studios' pictures and hears their sound; keep and restream follow packets; record
follows the windows; an edge follows those and packets, and answers viewers itself.
"""

from typing import Literal

import msgspec

from streaming.hls.window import WindowEvent
from streaming.link.jobs import (
    Encode,
    Encoded,
    EncodeEnd,
    EncodeFailed,
    EncodeFrame,
    EncodeKey,
    Room,
)
from streaming.link.message import Message
from streaming.link.sessions import (
    Answered,
    Hangup,
    Offer,
    WhepAnswer,
    WhepEvent,
    WhepEvents,
    WhepEventsEnd,
    WhepEventsOver,
    WhepListen,
    WhepPatch,
    WhepUnlisten,
    WhipHangup,
    WhipOffer,
    WhipPatch,
)
from streaming.link.states import ChannelState, Recording
from streaming.packet import Packet

# Between machines, before anything else.


class Hello(Message, frozen=True):
    """A machine shows the pass that it has."""

    token: str


class Welcome(Message, frozen=True):
    """Whether it is let in."""

    admitted: bool


# From media.


class Now(Message, frozen=True):
    """The broadcast clock, once a second.

    `late` is by how many seconds media's loop was late to say so. `refused` counts publishers sent
    away since media started, by reason: "wrong_key"; `viewers_refused` those who want to watch by
    WebRTC. `datagrams` is what became of those that came to WebRTC's port, and `held` what is there
    of each kind of thing that comes and goes with viewers: see `Mux`. `machines` are the passes of
    the machines that are connected now, as `tv/passes.py` writes them.
    """

    time: float
    late: float = 0.0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    viewers_refused: dict[str, int] = msgspec.field(default_factory=dict)
    datagrams: dict[str, int] = msgspec.field(default_factory=dict)
    held: dict[str, int] = msgspec.field(default_factory=dict)
    machines: list[bytes] = msgspec.field(default_factory=list)


class WindowChanged(Message, frozen=True):
    """What happened to a channel's live window, in order; what happened at once comes at once.

    A segment's last part, its end and the next one's beginning are one change: a playlist between
    them would hint at a part that never comes.
    """

    channel: str
    events: list[WindowEvent]


class Sound(Message, frozen=True):
    """One Opus packet of a channel."""

    channel: str
    packet: Packet


class Refused(Message, frozen=True):
    """A request that failed: an HTTP status, a stable code, and a sentence in French.

    After `retry_after` seconds it may be made again; 0: it is no use, or nobody can tell.
    """

    request: int
    status: int
    code: str
    detail: str
    retry_after: float = 0.0


class Done(Message, frozen=True):
    """A request that was carried out and has nothing to return."""

    request: int


class Lateness(Message, frozen=True):
    """How late a 5 ms timer fired in media's loop while it was watched, in seconds."""

    request: int
    median: float
    p99: float
    worst: float


class Frame(Message, frozen=True):
    """One encoded frame of a slot, before continuity, or of what is on air (slot "").

    `codec` is libav's name. Times are on the broadcast clock.
    """

    channel: str
    slot: str
    codec: str
    packet: Packet


class SourceLeft(Message, frozen=True):
    """The publisher of a slot is gone; what comes next in it is another's."""

    channel: str
    slot: str


class Restreams(Message, frozen=True):
    """The names of the restreams that the régie wants to run, whenever that changes."""

    names: list[str]


class RestreamState(Message, frozen=True):
    """How a restream does: from who restreams to media, and from there to web processes."""

    name: str
    channel: str
    state: Literal["off", "connecting", "on", "waiting"]
    since: float = 0.0
    bitrate: float = 0.0  # bits per second
    dropped: int = 0  # frames, since it was started
    detail: str = ""  # what went wrong, in French
    title: str = ""


# To media.


class Observed(Message, frozen=True):
    """What watch has seen and heard of a slot: sent once a second while frames come.

    `black_since`, `frozen_since` and `silent_since` are on the broadcast clock; None: it is not.
    `movement` is how much the last two keyframes differ, in luma levels of 256; None: not known.
    """

    channel: str
    slot: str
    loudness: float | None
    black_since: float | None
    frozen_since: float | None
    silent_since: float | None
    movement: float | None = None
    width: int = 0  # of the picture as it is decoded; 0: not known
    height: int = 0


class Unkept(Message, frozen=True):
    """Why a slot that is to be kept is not, in French; "" once it is again."""

    channel: str
    slot: str
    reason: str


class Transport(Message, frozen=True):
    """What the network does to the source that this connection publishes, once a second."""

    lost: int
    round_trip: float  # seconds


class Switch(Message, frozen=True):
    """The régie chooses what a channel shows: "auto" leaves it to the rules again."""

    request: int
    channel: str
    to: str


class Restream(Message, frozen=True):
    """The régie starts or stops a restream."""

    request: int
    name: str
    on: bool


class WatchLateness(Message, frozen=True):
    """Ask how late media's loop runs over the next `seconds` (at most 60)."""

    request: int
    seconds: float


class Follow(Message, frozen=True):
    """Ask for what media has, from now on.

    - "hls": the windows and states of all channels, and the restreams' states
    - "states": the same without the windows
    - "sound": the Opus of one channel, as `Sound`
    - "air": what one channel has on air, H.264 and AAC, as `Frame`s with an empty slot
    - "webrtc": the same as viewers by WebRTC get it, H.264 in the order it is shown, and Opus
    - "source": what one slot of a channel receives, before continuity, as `Frame`s
    - "watch": keyframes and sound of every slot of every channel, as `Frame`s
    - "jobs": be the ladder: take `Encode` and its `EncodeFrame`s
    - "restreams": be the one who restreams: take `Restreams`
    """

    what: Literal["hls", "states", "sound", "air", "webrtc", "source", "watch", "jobs", "restreams"]
    channel: str = ""
    slot: str = ""


class Publish(Message, frozen=True):
    """Take a channel's slot with what follows on this connection as `SourceFrame`s."""

    request: int
    channel: str
    slot: str
    kind: str


class SourceFrame(Message, frozen=True):
    """One encoded frame of a foreign input.

    `dts` and `pts` are integer microseconds of the source, `codec` is libav's name.
    """

    codec: str
    data: bytes
    dts: int
    pts: int
    key: bool
    config: bytes


class WantKey(Message, frozen=True):
    """An edge's viewer needs a keyframe of a channel."""

    channel: str


class Watched(Message, frozen=True):
    """How many watch by WebRTC at the edge that says so, by channel: once a second."""

    viewers: dict[str, int]


class TurnedAway(Message, frozen=True):
    """How many publishers a door that is not media's own has sent away, by reason, since last."""

    reasons: dict[str, int]


class Unusable(Message, frozen=True):
    """Why a foreign input gives nothing, in French for the régie: the source ends with it."""

    reason: str


AnyMessage = (
    Hello
    | Welcome
    | Now
    | WindowChanged
    | Sound
    | ChannelState
    | Answered
    | Refused
    | Done
    | Lateness
    | WatchLateness
    | Follow
    | Offer
    | WhepAnswer
    | WhepPatch
    | Hangup
    | WhepEvents
    | WhepListen
    | WhepUnlisten
    | WhepEventsEnd
    | WhepEvent
    | WhepEventsOver
    | WhipOffer
    | WhipPatch
    | WhipHangup
    | Publish
    | SourceFrame
    | TurnedAway
    | WantKey
    | Watched
    | Unusable
    | Frame
    | SourceLeft
    | Encode
    | EncodeFrame
    | EncodeKey
    | EncodeEnd
    | Restreams
    | RestreamState
    | Room
    | Encoded
    | EncodeFailed
    | Observed
    | Transport
    | Switch
    | Restream
    | Unkept
    | Recording
)
