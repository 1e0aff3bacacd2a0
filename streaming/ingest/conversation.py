"""What an RTMP publisher says from "connect" on, what we answer, and where its media goes.

No I/O and no time: messages in, bytes to send out. OBS, ffmpeg, GStreamer and FMLE each have their
own order of commands (Adobe, RTMP 1.0, 7.2, and what Flash Media Server made of it).
"""

import logging
from collections.abc import Callable
from typing import TypeAlias

from streaming.errors import PublishRefused, StreamingError, UnsupportedMedia, WrongKey
from streaming.ingest import Malformed, Source, amf, chunks, flv, replies
from streaming.ingest.amf import Value
from streaming.ingest.chunks import Message
from streaming.ingest.intake import Intake

logger = logging.getLogger(__name__)

OpenSource: TypeAlias = Callable[[str, str], Source]

REJECTED, BAD_NAME = "NetStream.Publish.Rejected", "NetStream.Publish.BadName"
NOT_PLAYED = "NetStream.Play.Failed"
NOT_FOR_PLAYERS = "Cette adresse sert à diffuser\u202f; pour regarder, ouvrez la page web."
SMALLEST_WINDOW = 1 << 14  # bytes: who wants to hear of less would have us do nothing else
FASTEST = 1000.0  # frames per second; who announces more does not know


class Refusal(StreamingError):
    """A publisher that is sent away: the sentence, in French, is for its user.

    `reason` is for our counters, `code` one of NetStream's, `wait` how long to keep it in seconds.
    """

    def __init__(self, reason: str, code: str, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.code = code
        self.wait = wait


class Goodbye(StreamingError):
    """The publisher says that it stops."""


class Conversation:
    """One publisher, from "connect" on; `source` is its place, once its key has opened one.

    `open_source(app, key)` raises PublishRefused, `evicted` is called with the reason when
    the publisher is put out, and `wrong_key` tells for how long the no to a wrong key is to wait.
    """

    def __init__(
        self,
        open_source: OpenSource,
        evicted: Callable[[str], None],
        wrong_key: Callable[[], float],
    ) -> None:
        self.source: Source | None = None
        self.window = replies.WINDOW // 2  # bytes after which it wants to hear that they came
        self._open_source = open_source
        self._evicted = evicted
        self._wrong_key = wrong_key
        self._address: tuple[str, str] | None = None  # app and tcUrl, once it has connected
        self._intake: Intake | None = None
        self._setup: tuple[str, bytes] | None = None

    @property
    def ahead(self) -> float:
        """Seconds by which what came last lies in the future."""
        return 0.0 if self._intake is None else self._intake.ahead

    def take(self, message: Message) -> bytes:
        """Take the next message; return what to answer. Raises Malformed, Refusal, Goodbye."""
        kind, _, timestamp, body = message
        if kind in (chunks.VIDEO, chunks.SOUND):
            self._take_media(kind, timestamp, body)
        elif kind == chunks.AGGREGATE:
            for tag, moved, inner in flv.split_aggregate(body, timestamp):
                self._take_media(tag, moved, inner)
        elif kind == chunks.COMMAND:
            return self._obey(amf.decode(body))
        elif kind == chunks.COMMAND_AMF3:
            return self._obey(amf.decode(_unwrapped(body)))
        elif kind == chunks.DATA:
            self._take_data(body)
        elif kind == chunks.DATA_AMF3:
            self._take_data(_unwrapped(body))
        elif kind == chunks.WINDOW_ACKNOWLEDGEMENT_SIZE:
            self.window = max(SMALLEST_WINDOW, int.from_bytes(body[:4], "big") // 2)
        elif kind == chunks.USER_CONTROL and body[:2] == b"\0\6":  # a ping
            return replies.pong(body[2:6])
        return b""

    def release(self, reason: str) -> bool:
        """Give the place back, if there is one."""
        source, self.source, self._intake = self.source, None, None
        if source is None:
            return False
        source.on_evicted = None
        source.close(reason)
        return True

    # Media.

    def _take_media(self, kind: int, timestamp: int, body: bytes) -> None:
        intake = self._intake
        if intake is None:
            raise Malformed("media without a stream key")
        try:
            if kind == flv.PICTURE:
                _take_picture(intake, flv.read_picture(body), timestamp)
            elif kind == flv.SOUND:
                self._take_sound(intake, flv.read_sound(body), timestamp)
        except UnsupportedMedia as error:
            if self.source is not None:
                self.source.advise([str(error)])
            raise Refusal("media", REJECTED, str(error)) from error

    def _take_sound(self, intake: Intake, tag: flv.Tag | None, timestamp: int) -> None:
        if tag is None:
            return
        if tag.config:
            self._setup = None
            intake.configure_sound(tag.codec, tag.data)
            return
        if tag.setup and self._setup != (tag.codec, tag.setup):
            self._setup = tag.codec, tag.setup
            intake.configure_sound(tag.codec, tag.setup)
        intake.sound(tag.codec, tag.data, timestamp)

    def _take_data(self, body: bytes) -> None:
        """Read what a publisher says of itself; nothing depends on it, so it may be wrong."""
        if self.source is None:
            return
        try:
            values = amf.decode(body)
        except Malformed as error:
            logger.debug("rtmp: metadata that cannot be read: %s", error)
            return
        if values[:1] == ["@setDataFrame"]:
            values = values[1:]
        match values:
            case ["onMetaData", {"framerate": float() as rate}, *_] if 0 < rate <= FASTEST:
                self.source.announce(rate)

    # Commands.

    def _obey(self, values: list[Value]) -> bytes:
        match values:
            case ["connect", float() as transaction, {"app": str() as app, **facts}, *_]:
                address = facts.get("tcUrl")
                self._address = app, address if isinstance(address, str) else ""
                enhanced = not facts.keys().isdisjoint(replies.ENHANCED)
                return replies.connected(transaction, enhanced=enhanced)
            case ["createStream", float() as transaction, *_]:
                return replies.stream_created(transaction)
            case ["releaseStream" | "FCPublish" | "_checkbw", float() as transaction, *_]:
                return replies.noted(transaction)
            case ["getStreamLength", float() as transaction, *_]:
                return replies.noted(transaction, 0.0)
            case ["publish", _, _, str() as name, *_]:
                return self._publish(name)  # "record" and "append" are live to us, too
            case ["publish", _, *_]:
                return self._publish("")  # the key may be in the address
            case ["FCUnpublish" | "deleteStream" | "closeStream", *_] if self.source:
                raise Goodbye
            case ["play" | "play2", *_] if self._address:
                raise Refusal("player", NOT_PLAYED, NOT_FOR_PLAYERS)
            case ["connect" | "publish" | "play" | "play2", *_]:
                raise Malformed("a command out of place, or without its arguments")
        return b""

    def _publish(self, name: str) -> bytes:
        if self._address is None or self.source is not None:
            raise Malformed("a publish command out of place")
        try:
            source = self._open_source(*read_address(*self._address, name))
        except WrongKey as error:
            raise Refusal("wrong_key", BAD_NAME, str(error), self._wrong_key()) from error
        except PublishRefused as error:
            raise Refusal("taken", BAD_NAME, str(error)) from error
        source.on_evicted = self._evicted
        self.source = source
        self._intake = Intake(source, rate=1000, bits=32)
        return replies.started()


def read_address(app: str, url: str, name: str) -> tuple[str, str]:
    """The app and the key of a publisher, however its encoder has split the address.

    The key may come as the end of the app, or of the URL, when the field for it was left empty; the
    app may come again before the key. Slashes, blanks and what follows "?" belong to neither.
    """
    parts = _parts(app) + _parts(name)
    if len(parts) < 2:
        parts = _parts(url.partition("://")[2])[1:] + _parts(name)
    if len(parts) < 2:
        return "", "".join(parts)
    return parts[0], parts[-1]


def _parts(text: str) -> list[str]:
    stripped = (part.strip() for part in text.partition("?")[0].split("/"))
    return [part for part in stripped if part]


def _unwrapped(body: bytes) -> bytes:
    """The AMF0 in a message of AMF3: behind a zero byte, which some leave out."""
    return body[1:] if body[:1] == b"\0" else body


def _take_picture(intake: Intake, tag: flv.Tag | None, timestamp: int) -> None:
    if tag is None:
        return
    if tag.config:
        intake.configure_picture(tag.codec, tag.data)
    else:
        intake.picture(tag.codec, tag.data, timestamp, tag.delay)
