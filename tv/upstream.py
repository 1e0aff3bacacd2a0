"""A web process's view of media over the link: live windows, channel states, time, and offers."""

import asyncio
import itertools
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streaming import link
from streaming.errors import LinkLost
from streaming.hls import renditions
from streaming.hls.window import Window, WindowEvent
from tv.event_stream import Events
from tv.problems import Problem

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two tries to reach media
ANSWER_TIMEOUT = 8.0  # seconds for an answer of media
SILENCE = 3.0  # seconds without media's word on the time, which comes every second

Reply = link.Answered | link.Done | link.Lateness


class Upstream:
    """What media last said. It outlives the connection: while media restarts, viewers are served
    what is known, and the clock runs on."""

    def __init__(self, place: link.Place, channels: list[str]) -> None:
        self.channels = tuple(channels)
        # By stream: a channel's name for its source, "plateau/480p" for what else there is of it.
        self.windows: dict[str, Window] = {channel: Window() for channel in channels}
        self.states: dict[str, link.ChannelState] = {}
        self.said = link.Now(0.0)  # last, once media has said anything
        self.restreams: dict[str, link.RestreamState] = {}
        self.on_state: list[Callable[[str], None]] = []  # told which channel
        self.on_restream: list[Callable[[str], None]] = []  # told which restream
        self.on_machine: list[Callable[[bytes], None]] = []  # told the pass of each, every second
        self.connected = asyncio.Event()
        self._place = place
        self._offset = time.time() - time.monotonic()
        self._heard = float("-inf")  # when media said anything of the time
        self._link: link.Link | None = None
        self._requests = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._listening: dict[str, Events] = {}  # by event stream

    def now(self) -> float:
        """The broadcast clock, as media last told it; wall time before that."""
        return time.monotonic() + self._offset

    @property
    def interrupted(self) -> bool:
        """Whether media is gone, or says nothing: what it last said may be over."""
        return not self.connected.is_set() or time.monotonic() - self._heard > SILENCE

    async def run(self) -> None:
        """Stay connected to media until cancelled."""
        while True:
            try:
                async with link.connected(self._place) as connection:
                    await self._follow(connection)
            except LinkLost as error:
                logger.debug("media: %s", error)
            finally:
                self._link = None
                self.connected.clear()
                for waiting in self._waiting.values():
                    if not waiting.done():
                        waiting.set_exception(_unavailable())
                self._waiting.clear()
                for events in self._listening.values():
                    events.end()
                for channel in self.states:
                    for notify in self.on_state:
                        notify(channel)
            await asyncio.sleep(PAUSE)

    async def offer(self, channel: str, sdp: str, feed: str, who: str) -> link.Answered:
        """Pass a WHEP offer on; the answer may be an offer of ours. Raises Problem."""
        reply = await self._ask(lambda request: link.Offer(request, channel, sdp, feed, who))
        assert isinstance(reply, link.Answered)
        return reply

    async def agree(self, channel: str, session: str, sdp: str) -> str:
        """Pass a viewer's answer to our offer on; return the entity tag. Raises Problem."""
        reply = await self._ask(lambda request: link.WhepAnswer(request, channel, session, sdp))
        assert isinstance(reply, link.Answered)
        return reply.tag

    async def change_viewer(
        self, channel: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None:
        """Pass a viewer's SDP fragment on, with its If-Match: as `change`. Raises Problem."""
        reply = await self._ask(lambda request: link.WhepPatch(request, channel, session, tag, sdp))
        return (reply.sdp, reply.tag) if isinstance(reply, link.Answered) else None

    async def hangup(self, channel: str, session: str) -> None:
        """End a WHEP session. Raises Problem when there is none of that name."""
        await self._ask(lambda request: link.Hangup(request, channel, session))

    async def make_events(self, channel: str, session: str, events: list[str]) -> str:
        """Begin an event stream for a viewer; return its name. Raises Problem."""
        reply = await self._ask(lambda request: link.WhepEvents(request, channel, session, events))
        assert isinstance(reply, link.Answered)
        return reply.session

    async def end_events(self, channel: str, session: str, stream: str) -> None:
        """End an event stream. Raises Problem when there is none of that name."""
        await self._ask(lambda request: link.WhepEventsEnd(request, channel, session, stream))

    @asynccontextmanager
    async def listening(self, channel: str, session: str, stream: str) -> AsyncIterator[Events]:
        """Hear an event stream while the body runs. Raises Problem when there is none."""
        events = Events()
        if (before := self._listening.get(stream)) is not None:
            before.end()
        self._listening[stream] = events
        try:
            await self._ask(lambda request: link.WhepListen(request, channel, session, stream))
            yield events
        finally:
            if self._listening.get(stream) is events:
                del self._listening[stream]
                if self._link is not None:
                    self._link.send(link.WhepUnlisten(stream))

    async def publish(self, channel: str, slot: str, sdp: str) -> tuple[str, str, str]:
        """Pass a WHIP offer on; return the session's name, the answer and its entity tag.

        Raises Problem.
        """
        reply = await self._ask(lambda request: link.WhipOffer(request, channel, slot, sdp))
        assert isinstance(reply, link.Answered)
        return reply.session, reply.sdp, reply.tag

    async def change(
        self, channel: str, slot: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None:
        """Pass a WHIP studio's SDP fragment on, with its If-Match.

        Return ours and the new entity tag when that begins a new ICE session. Raises Problem.
        """
        reply = await self._ask(
            lambda request: link.WhipPatch(request, channel, slot, session, tag, sdp)
        )
        return (reply.sdp, reply.tag) if isinstance(reply, link.Answered) else None

    async def unpublish(self, channel: str, slot: str, session: str) -> None:
        """End a WHIP session. Raises Problem when there is none of that name."""
        await self._ask(lambda request: link.WhipHangup(request, channel, slot, session))

    async def switch(self, channel: str, to: str) -> None:
        """Choose what a channel shows, "auto" for the rules. Raises Problem."""
        await self._ask(lambda request: link.Switch(request, channel, to))

    async def restream(self, name: str, on: bool) -> None:
        """Start or stop a restream. Raises Problem."""
        await self._ask(lambda request: link.Restream(request, name, on))

    async def lateness(self, seconds: float) -> link.Lateness:
        """How late media's loop runs, watched for `seconds`. Raises Problem."""
        reply = await self._ask(
            lambda request: link.WatchLateness(request, seconds), timeout=seconds + ANSWER_TIMEOUT
        )
        assert isinstance(reply, link.Lateness)
        return reply

    async def _ask(
        self, ask: Callable[[int], link.AnyMessage], timeout: float = ANSWER_TIMEOUT
    ) -> Reply:
        if self._link is None:
            raise _unavailable()
        request = next(self._requests)
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request] = waiting
        self._link.send(ask(request))
        try:
            async with asyncio.timeout(timeout):
                return await waiting
        except TimeoutError as error:
            raise _unavailable() from error
        finally:
            self._waiting.pop(request, None)

    async def _follow(self, connection: link.Link) -> None:
        connection.send(link.Follow("hls"))
        self._link = connection
        async for message in connection.receive():
            match message:
                case link.WindowChanged(stream, events):
                    for event in events:
                        self._change(stream, event)
                case link.Now(now):
                    self.said = message
                    self._heard = time.monotonic()
                    self._offset = now - self._heard
                    self.connected.set()
                    for machine in message.machines:
                        for tell in self.on_machine:
                            tell(machine)
                case link.ChannelState(channel):
                    self.states[channel] = message
                    for notify in self.on_state:
                        notify(channel)
                case link.RestreamState(name):
                    self.restreams[name] = message
                    for notify in self.on_restream:
                        notify(name)
                case link.Refused(request, status, code, detail, wait):
                    if waiting := self._take(request):
                        later = {"retry_after": math.ceil(wait)} if wait else {}
                        waiting.set_exception(Problem(status, code, "Refusé", detail, **later))
                case link.WhepEvent(stream, event, data):
                    if listening := self._listening.get(stream):
                        listening.put(event, data)
                case link.WhepEventsOver(stream):
                    if listening := self._listening.pop(stream, None):
                        listening.end()
                case link.Answered(request) | link.Done(request) | link.Lateness(request):
                    if waiting := self._take(request):
                        waiting.set_result(message)
                case _:
                    logger.warning("media sent a %s, which is not for us", type(message).__name__)

    def _change(self, stream: str, event: WindowEvent) -> None:
        """Fold what happens to a stream: a rendition's window comes and goes with it."""
        window = self.windows.get(stream)
        if window is None:
            channel, _, rendition = stream.partition("/")
            if channel not in self.channels or rendition not in renditions.NAMES:
                return
            window = self.windows[stream] = Window()
        window.apply(event)
        if window.over:
            del self.windows[stream]

    def _take(self, request: int) -> asyncio.Future[Reply] | None:
        waiting = self._waiting.get(request)
        return None if waiting is None or waiting.done() else waiting


def _unavailable() -> Problem:
    return Problem(
        503,
        "media-unavailable",
        "Diffusion indisponible",
        "Le serveur vidéo redémarre. Réessayez dans quelques secondes.",
        retry_after=2,
    )
