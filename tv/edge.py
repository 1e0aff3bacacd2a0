"""An edge: it follows media on another machine, and sends its channels to WebRTC viewers itself.

It has a UDP port for viewers, and neither studio, nor store, nor page: `tv/door.py` takes the
viewers' offers, and speaks to it over the link as a web process does to media. Its sessions are
called `NAME.…`, so that a proxy finds the edge that has one. While media is away its viewers stay,
and see the last picture.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial

from msgspec.structs import replace

from streaming import link
from streaming.errors import LinkLost
from streaming.feed import Feed
from streaming.webrtc.audience import Audience
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from streaming.webrtc.relays import Relays, relays
from tv.folder import Folder
from tv.followers import Followers
from tv.settings import Settings
from tv.tasks import running
from tv.webrtc.admission import admission

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.5  # seconds before media is sought again


class Edge:
    """The channels of media over there, and their viewers here."""

    def __init__(self, settings: Settings, mux: Mux, name: str) -> None:
        self.feeds = {channel: Feed() for channel in settings.channels}
        self.relays: dict[str, Relays] = {
            channel: relays(
                feed,
                settings.webrtc.delay,
                partial(Relay, mux=mux, limit=settings.webrtc.viewers, name=name),
            )
            for channel, feed in self.feeds.items()
        }
        self.audience = Audience(self._relay_of, admission(settings).ask)
        self._mux = mux
        self._heard = False  # from media, since it was sought last
        self._states: dict[str, link.ChannelState] = {}
        self._followers = Followers(dict, lambda: tuple(self._states.values()))

    def _relay_of(self, channel: str, feed: str) -> Relay | None:
        here = self.relays.get(channel)
        return here.of(feed) if here else None

    async def close(self) -> None:
        """Part from all viewers."""
        for each in self.relays.values():
            await each.close()
        for feed in self.feeds.values():
            feed.close()

    async def serve(self, peer: link.Link) -> None:
        """Answer a door until it goes away."""
        try:
            async with asyncio.TaskGroup() as group:
                async for message in peer.receive():
                    match message:
                        case link.Follow("hls" | "states"):
                            self._followers.welcome(peer)
                        case link.Offer() | link.WhepAnswer() | link.WhepPatch() | link.Hangup():
                            group.create_task(self.audience.serve(peer, message))
                        case link.WhepEvents() | link.WhepListen() | link.WhepEventsEnd():
                            group.create_task(self.audience.serve(peer, message))
                        case link.WhepUnlisten(stream):
                            self.audience.unlisten(peer, stream)
                        case _:
                            raise LinkLost(f"a {type(message).__name__} is not for an edge")
        except* LinkLost as lost:
            logger.warning("link: %s", lost.exceptions[0])
        finally:
            self._followers.part(peer)
            self.audience.forget(peer)

    async def run(self, media: link.Place) -> None:
        """Stay connected to media until cancelled."""
        pause, told = FIRST_PAUSE, ""
        while True:
            self._heard = False
            try:
                async with link.connected(media) as peer:
                    await self._follow(peer, media)
                trouble = "it went away"
            except LinkLost as lost:
                trouble = str(lost)
            if self._heard:
                pause, told = FIRST_PAUSE, ""
            if trouble != told:  # said once
                told = trouble
                logger.warning("media: %s", trouble)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _follow(self, media: link.Link, place: link.Place) -> None:
        media.send(link.Follow("states"))
        for channel, feed in self.feeds.items():
            media.send(link.Follow("webrtc", channel))
            feed.want_key = partial(media.send, link.WantKey(channel))
        async for message in media.receive():
            match message:
                case link.Frame(channel, _, codec, packet) if channel in self.feeds:
                    feed = self.feeds[channel]
                    (feed.opus if codec == "opus" else feed.webrtc).append(packet)
                case link.ChannelState(channel) if channel in self.feeds:
                    self.feeds[channel].out_of_order = message.out_of_order
                    self.audience.note(message)
                    self._states[channel] = replace(
                        message, webrtc_viewers=self.relays[channel].viewers
                    )
                    self._followers.tell(self._states[channel])
                case link.Now():
                    if not self._heard:
                        self._heard = True
                        logger.info("follows %s", place)
                    self._tell(message)
                    media.send(link.Watched(self._watched()))

    def _tell(self, now: link.Now) -> None:
        """Pass the time on, with figures of our own."""
        refused = dict(self.audience.refused)
        self._followers.tell(
            link.Now(now.time, now.late, {}, refused, self._mux.datagrams, self._mux.held)
        )

    def _watched(self) -> dict[str, int]:
        return {channel: each.viewers for channel, each in self.relays.items()}


async def run(folder: Folder, settings: Settings, name: str) -> None:
    """Be an edge until cancelled. Raises StreamingError when the UDP port cannot be had."""
    async with AsyncExitStack() as stack:
        mux = Mux(settings.webrtc.port, settings.webrtc.addresses)
        await mux.open()
        stack.push_async_callback(mux.close)
        edge = Edge(settings, mux, name)
        stack.push_async_callback(edge.close)
        await stack.enter_async_context(running(edge.run(folder.media)))
        await stack.enter_async_context(link.listening(folder.media_socket, edge.serve))
        await asyncio.Event().wait()
