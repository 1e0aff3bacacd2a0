"""How a channel is: what media says of it, to all who follow the states."""

from typing import Literal

import msgspec

from streaming.link.message import Message


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
