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
    of each kind of thing that comes and goes with viewers: see `Mux`.
    """

    time: float
    late: float = 0.0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    viewers_refused: dict[str, int] = msgspec.field(default_factory=dict)
    datagrams: dict[str, int] = msgspec.field(default_factory=dict)
    held: dict[str, int] = msgspec.field(default_factory=dict)


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


class SourceState(msgspec.Struct, frozen=True):
    """A studio in its slot, and what ails it, in French for the régie."""

    slot: str
    kind: str  # "rtmp", "whip", "srt", "pull"
    connected: bool
    on_air: bool
    advice: list[str] = []
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0  # measured
    bitrate: float = 0.0  # bits per second
    keyframe_interval: float = 0.0  # seconds
    drift: float = 0.0  # seconds
    video: str = ""  # codec, as libav names it
    sound: str = ""
    profile: str = ""  # of H.264, as people name it: "High 4.1"
    announced_rate: float = 0.0  # frames per second, by the publisher's own word
    reorders: bool = False  # B-frames
    encoded: str = ""  # why the ladder encodes its picture again, in French; "" when it does not
    since: float = 0.0  # when it connected
    loudness: float | None = None  # LUFS, momentary (EBU R128)
    black: float = 0.0  # seconds for which it has been so
    silent: float = 0.0
    frozen: float = 0.0
    lost: int = 0  # packets that the network lost for good
    round_trip: float = 0.0  # seconds; 0: not known
    frames: int = 0  # pictures, since it connected
    received: int = 0  # bytes of picture and sound


class FeedState(msgspec.Struct, frozen=True):
    """One of a channel's feeds by WebRTC, and which moment its pictures are of.

    The RTP timestamp `rtp` is that of the broadcast time `time`; they count `rate` per second, and
    wrap at 32 bits. `delay` is by how many seconds it is behind the live one.
    """

    rtp: int
    time: float
    rate: int
    delay: float = 0.0


class Recording(Message, frozen=True):
    """How a channel is recorded: from who records to media, which says so with its state.

    `reason` is why it is not, or may soon not be, in French. `seconds` and `size` (bytes) count
    what was recorded since who records was started, `missing` the seconds that could not be.
    """

    channel: str
    state: Literal["on", "paused", "off"]  # "off": what is on air is not to be recorded
    reason: str = ""
    since: float = 0.0
    seconds: float = 0.0
    size: int = 0
    missing: float = 0.0
    room: float | None = None  # seconds that the disk still takes; None: not known yet


class RenditionState(msgspec.Struct, frozen=True):
    """A quality of a channel beside its source: whether it is there, and why not, in French."""

    name: str  # "480p"
    on: bool
    reason: str = ""


class ChannelState(Message, frozen=True):
    """What a channel shows now, sent when it changes and once a second."""

    channel: str
    on_air: Literal["primary", "backup", "slate"]
    since: float
    sources: list[SourceState]
    webrtc_viewers: int = 0
    chosen: Literal["auto", "primary", "backup", "slate"] = "auto"  # by the régie
    failovers: int = 0  # times that a source had to leave the air, since media started
    # "live", and "delayed" where it is offered:
    feeds: dict[str, FeedState] = msgspec.field(default_factory=dict)
    recording: Recording | None = None  # None: it is no channel that is recorded
    # Those that it ought to have beside its source, the best first:
    renditions: list[RenditionState] = msgspec.field(default_factory=list)
    out_of_order: bool = False  # its picture has B-frames, and nobody makes one without for WebRTC


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
