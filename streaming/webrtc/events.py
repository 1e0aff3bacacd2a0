"""What viewers are told beside the media: who is on air, and how many watch.

Event streams of WHEP's extension for server-sent events (webrtc-http-egress-events, "Server Sent
Events extension"): a viewer makes one for its session, and reads it through whichever web process.
Pure but for the names it makes up.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from streaming.link import ChannelState, SourceState, replaces
from streaming.webrtc.sdp import Refusal

PER_SESSION = 4  # streams
LIMIT = 1024  # streams in all
COUNT_INTERVAL = 2.0  # seconds between two counts of viewers: they may be approximate
LAYERS_INTERVAL = 10.0  # seconds between two words on a bit rate


class TooManyStreams(Refusal):
    code = "too-many-event-streams"
    status = 429
    retry_after = 10.0


class UnknownStream(Refusal):
    code = "unknown-event-stream"
    status = 404


class Layer(msgspec.Struct, frozen=True, rename="camel"):
    """The one that there is: nobody sends simulcast or scalable video here."""

    spatial_layer_id: int
    temporal_layer_id: int
    bitrate: int
    width: int
    height: int


@dataclass
class _News:
    """What was last said of a channel."""

    active: bool = False
    viewers: int = 0
    layer: Layer | None = None
    counted_at: float = float("-inf")
    measured_at: float = float("-inf")


@dataclass
class _Stream:
    session: str
    channel: str
    wanted: frozenset[str]
    picture: int | None  # which section of its SDP has the picture
    tell: Callable[[str, str], None] | None = None
    end: Callable[[], None] | None = None
    waiting: dict[str, tuple[str, str]] = field(default_factory=dict)  # events, by `replaces`

    def put(self, event: str, data: str) -> None:
        self.waiting.pop(replaces(event), None)  # it is no longer so, wanted or not
        if event not in self.wanted:
            return
        if self.tell is not None:
            self.tell(event, data)
        else:
            self.waiting[replaces(event)] = event, data


class EventStreams:
    """All of them, by name."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._news: dict[str, _News] = {}

    def make(self, channel: str, session: str, picture: int | None, events: Iterable[str]) -> str:
        """Begin a stream of these events; return its name. Raises TooManyStreams."""
        own = sum(stream.session == session for stream in self._streams.values())
        if own >= PER_SESSION or len(self._streams) >= LIMIT:
            raise TooManyStreams("Trop de flux d’événements\u00a0: fermez-en un, ou attendez.")
        name = secrets.token_urlsafe(24)
        self._streams[name] = stream = _Stream(session, channel, frozenset(events), picture)
        news = self._news.get(channel, _News())
        if news.active:  # there is no "inactive" to begin with
            stream.put("active", "{}")
        stream.put("viewercount", _count(news.viewers))
        _put_layer(stream, news.layer)
        return name

    def listen(
        self, session: str, name: str, tell: Callable[[str, str], None], end: Callable[[], None]
    ) -> None:
        """Tell a stream's events, those that have waited at once, until it ends or is let go.

        `end` is called when the stream ends, or when another listens in its place. Raises
        UnknownStream.
        """
        stream = self._find(session, name)
        if stream.end is not None:
            stream.end()
        stream.tell, stream.end = tell, end
        waiting, stream.waiting = stream.waiting, {}
        for event, data in waiting.values():
            tell(event, data)

    def unlisten(self, name: str, end: Callable[[], None]) -> None:
        """Nobody reads now: what happens waits. `end` tells who lets go."""
        stream = self._streams.get(name)
        if stream is not None and stream.end == end:
            stream.tell = stream.end = None

    def drop(self, session: str, name: str) -> None:
        """End a stream, and forget what has waited. Raises UnknownStream."""
        self._end(self._find(session, name))
        del self._streams[name]

    def end_session(self, session: str) -> None:
        """End all the streams of a session that is over."""
        for name in [name for name, each in self._streams.items() if each.session == session]:
            self._end(self._streams.pop(name))

    def note(self, state: ChannelState, now: float) -> None:
        """Tell what is new of a channel; `now` is any clock that does not go back."""
        news = self._news.setdefault(state.channel, _News())
        told: list[tuple[str, str]] = []
        active = state.on_air != "slate"
        if active != news.active:
            news.active = active
            told.append(("active" if active else "inactive", "{}"))
        if state.webrtc_viewers != news.viewers and now - news.counted_at >= COUNT_INTERVAL:
            news.viewers, news.counted_at = state.webrtc_viewers, now
            told.append(("viewercount", _count(news.viewers)))
        layer = _layer(state)
        resized = (layer and (layer.width, layer.height)) != (
            news.layer and (news.layer.width, news.layer.height)
        )
        measured = layer != news.layer and now - news.measured_at >= LAYERS_INTERVAL
        if resized or measured:
            news.layer, news.measured_at = layer, now
        for stream in self._streams.values():
            if stream.channel != state.channel:
                continue
            for event, data in told:
                stream.put(event, data)
            if resized or measured:
                _put_layer(stream, layer)

    def _find(self, session: str, name: str) -> _Stream:
        stream = self._streams.get(name)
        if stream is None or stream.session != session:
            raise UnknownStream("Ce flux d’événements n’existe plus.")
        return stream

    def _end(self, stream: _Stream) -> None:
        if stream.end is not None:
            stream.end()


def _put_layer(stream: _Stream, layer: Layer | None) -> None:
    if stream.picture is not None and layer is not None:
        data = msgspec.json.encode({str(stream.picture): [layer]}).decode()
        stream.put("layers", data)


def _count(viewers: int) -> str:
    return f'{{"viewercount":{viewers}}}'


def _layer(state: ChannelState) -> Layer | None:
    """What the studio on air sends; None for the slate, and while its size is not known."""
    source: SourceState | None = next(
        (each for each in state.sources if each.slot == state.on_air and each.on_air), None
    )
    if source is None or not source.width:
        return None
    return Layer(0, 0, round(source.bitrate), source.width, source.height)
