"""A person who writes a channel's captions: text from their socket, cues to the journal."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager, suppress

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from captions.cues import Cue, Word
from captions.wording.captioned import Hold
from captions.wording.typed import Typist
from engagement.fold import View
from engagement.limits import Limit
from tv import items
from tv.captioning.outbox import Outbox
from tv.captioning.partial import OpenWord, Partial
from tv.follower import EVERY_CAPTIONING, Follower
from tv.journal import heed_cancellation
from tv.live import Live
from tv.problems import Problem, clean
from tv.tasks import running
from tv.upstream import Upstream

TEXT = 500  # characters of a message's text
SPEAKER = 60
BURST, EVERY = 40, 0.05  # messages at once, and then seconds for each
EARLIER = 60.0  # seconds before now that a text may have been heard
AHEAD = 10.0  # seconds of text that may come faster than it can have been said
HEARTBEAT = 1.0  # seconds
GOODBYE = 5.0  # seconds that the last cues have to reach the store


class Words(msgspec.Struct, frozen=True, tag_field="type", tag="words"):
    """Words that may still change; they take the place of those before."""

    text: str
    time: float | None = None


class Commit(msgspec.Struct, frozen=True, tag_field="type", tag="commit"):
    """Words that stand; the line goes on behind them."""

    text: str
    time: float | None = None


class Line(msgspec.Struct, frozen=True, tag_field="type", tag="line"):
    """Words that stand, and end the line. Who speaks from here on, "" when nobody knows."""

    text: str
    time: float | None = None
    speaker: str | None = None


_Message = Words | Commit | Line
_decoder: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)


class HoldOver(Exception):
    """The channel was given back, or another socket or person took it."""


class TooFast(Exception):
    """More messages than anybody types."""


class Captioner:
    """One open socket of whoever has `hold`, `delay` seconds behind what they hear.

    `may` raises Problem once they may write here no longer: a pass can be for one talk.
    """

    def __init__(
        self,
        socket: WebSocket,
        hold: Hold,
        delay: float,
        follower: Follower,
        upstream: Upstream,
        live: Live,
        may: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._hold = hold
        self._delay = delay
        self._follower = follower
        self._upstream = upstream
        self._live = live
        self._may = may
        self._open: tuple[Word, ...] = ()
        self._speaker: str | None = None  # as this socket last said
        self._typed = asyncio.Event()
        self._limit = Limit(burst=BURST, every=EVERY)
        self._outbox = Outbox(follower.append)
        newest = follower.transcripts[hold.channel].newest()
        self._typist = Typist(hold.channel, min(newest.end, self._now()) if newest else 0.0)

    async def run(self) -> None:
        """Take text until the socket closes. Raises HoldOver or TooFast, in a group."""
        async with self._losing_hold() as over, running(self._outbox.run()):
            try:
                async with running(self._publish(), self._end(over)):
                    while True:
                        await self._hear(await self._receive())
            finally:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE):
                        await self._outbox.sent()

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect(message.get("code", 1006))
        if self._limit.take("", self._now()):
            raise TooFast
        text: str | bytes = message.get("text") or message.get("bytes") or b""
        return text

    async def _hear(self, message: str | bytes) -> None:
        try:
            cues = self._take(_understood(message))
        except Problem as problem:
            await self._send(problem.body() | {"type": "problem", "code": problem.code})
            return
        self._typed.set()
        if cues:
            await self._send({"type": "cues", "items": [items.cue_item(cue) for cue in cues]})

    def _take(self, said: _Message) -> list[Cue]:
        """Take one message; return the cues that it made or changed. Raises Problem."""
        now = self._now()
        text = clean(said.text, "Sous-titre", TEXT, least=0)
        at = _moment(said.time, now, self._delay)
        if isinstance(said, Words):
            self._open = self._typist.open(text, at)
            return []
        if self._typist.after > now + AHEAD:
            raise Problem(
                429,
                "too-fast",
                "Trop vite",
                "Ce texte arrive plus vite qu’on ne parle. Attendez quelques secondes.",
                retry_after=self._typist.after - now - AHEAD,
            )
        if isinstance(said, Line) and said.speaker is not None:
            self._speaker = clean(said.speaker, "Intervenant", SPEAKER, least=0)
        named = self._follower.captions.speaker(self._hold.channel, self._hold.at)
        self._typist.speaks(named if self._speaker is None else self._speaker)
        self._open = ()
        cues = self._typist.write(text, at, round(now, 3), ended=isinstance(said, Line))
        for cue in cues:
            self._outbox.put(self._hold.channel, cue)
        return cues

    async def _publish(self) -> None:
        """Tell pages of the words that are open, as they come, and every second that we are here.

        What waits on the way to the store waits there: pages are told the newest.
        """
        while True:
            heed_cancellation()
            try:
                self._may()
            except Problem as problem:
                raise HoldOver from problem
            self._typed.clear()
            words = [OpenWord(word.text, word.start, word.end) for word in self._open]
            at = round(self._now(), 3)
            partial = Partial(self._hold.channel, words, at=at, source=self._hold.source)
            await self._live.publish(partial)
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await self._typed.wait()

    @asynccontextmanager
    async def _losing_hold(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set once the hold is another's, or nobody's."""
        over = asyncio.Event()

        def look(views: Set[View]) -> None:
            hold = self._follower.captions.holds.get(self._hold.channel)
            if EVERY_CAPTIONING in views and (hold is None or hold.id != self._hold.id):
                over.set()

        self._follower.changed.append(look)
        try:
            look({EVERY_CAPTIONING})
            yield over
        finally:
            self._follower.changed.remove(look)

    async def _end(self, over: asyncio.Event) -> None:
        await over.wait()
        raise HoldOver

    async def _send(self, message: items.Rendered) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())

    def _now(self) -> float:
        return self._upstream.now()


def _understood(message: str | bytes) -> _Message:
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            422,
            "not-understood",
            "Message incompris",
            "Envoyez en JSON un message «\u00a0words\u00a0», «\u00a0commit\u00a0» ou "
            "«\u00a0line\u00a0», avec son «\u00a0text\u00a0».",
        ) from error


def _moment(told: float | None, now: float, delay: float) -> float:
    """When what was typed had been heard."""
    if told is None or not math.isfinite(told):
        return now - delay
    return min(max(told, now - EARLIER), now)
