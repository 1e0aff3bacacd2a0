"""The media process: the clock, the studios, what is on air, the relay and the packager.

Its loop does nothing else. Web processes, captions and foreign inputs speak to it over the link.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from msgspec.structs import replace

from streaming import link
from streaming.clock import Clock, ClockFile
from streaming.continuity import Channel
from streaming.errors import LinkLost, PublishRefused, WrongKey
from streaming.failover import CHOICES, Choice
from streaming.feed import Feed
from streaming.hls.packager import Packager
from streaming.hls.window import PartAdded, Window, WindowEvent
from streaming.ingest import foreign, rtmp
from streaming.ingest.whip.studios import Studios
from streaming.ladder import Ladder
from streaming.slate import Slate
from streaming.source import Source
from streaming.taps import Taps
from streaming.webrtc import rtp
from streaming.webrtc.audience import Audience
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tv.admission import Admission, admission
from tv.auth import read_stream_key
from tv.folder import Folder
from tv.ledger import Ledger
from tv.restreams import Restreams
from tv.settings import Channel as ChannelSetting
from tv.settings import Settings
from tv.tasks import running

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds between two words on the time and the channels' states
STEP = 0.005  # seconds: the timer whose lateness tells how well the loop runs
RENEWED = 3600  # seconds after which pages are told anew which moment an RTP timestamp is of


@dataclass
class OnAir:
    """One channel with all that carries it to viewers."""

    channel: Channel
    window: Window
    relay: Relay
    packager: Packager
    setting: ChannelSetting = field(default_factory=ChannelSetting)
    remember: Callable[[str], None] = lambda chosen: None
    delayed: Delayed | None = None  # where it is offered

    @property
    def relays(self) -> list[Relay]:
        """All that send to viewers now."""
        delayed = self.delayed.relay if self.delayed else None
        return [self.relay, delayed] if delayed else [self.relay]

    @property
    def viewers(self) -> int:
        """How many watch by WebRTC."""
        return sum(relay.viewers for relay in self.relays)

    def relay_of(self, feed: str) -> Relay | None:
        """Who answers viewers of a feed; the delayed one begins with that. None: no such feed."""
        if feed == "delayed":
            return self.delayed.open() if self.delayed else None
        return self.relay if feed in ("", "live") else None

    def feeds(self, now: float) -> dict[str, link.FeedState]:
        """What viewers may ask for, and what they need to know of each."""
        # Timestamps are the clock itself, for every feed (see streaming.webrtc.rtp): this pair is
        # as good as any other, and does not change with each second.
        time = now - now % RENEWED
        feed = link.FeedState(rtp.timestamp(time, rtp.VIDEO_RATE), time, rtp.VIDEO_RATE)
        if self.delayed is None:
            return {"live": feed}
        return {"live": feed, "delayed": replace(feed, delay=self.delayed.delay)}

    def take(self, slot: str, kind: str) -> Source:
        """Open a source in a slot, with what is done to all that is published there."""
        trim = self.setting.backup if slot == "backup" else self.setting.primary
        return self.channel.take(slot, kind, trim.delay_ms / 1000, trim.audio_ms / 1000)

    def switch(self, to: Choice) -> None:
        """Let the crew choose what is on air, this run and the next ones."""
        self.remember(to)
        self.channel.switch(to)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.channel.run())
            group.create_task(self.packager.run(self.channel.feed))


class Media:
    """All channels, and everybody who listens to them over the link."""

    def __init__(
        self, secret: bytes, ladder: Ladder | None = None, door: Admission | None = None
    ) -> None:
        self.channels: dict[str, OnAir] = {}
        self.ladder = ladder or Ladder()
        self.taps = Taps()
        self.refused: Counter[str] = Counter()  # publishers sent away, by reason
        self.restreams: Restreams | None = None
        self.unkept: dict[tuple[str, str], str] = {}  # why, by channel and slot
        self.studios: Studios | None = None  # by WHIP
        self.mux: Mux | None = None
        self.audience = Audience(self._relay_of, (door or Admission(200, {})).ask)
        self._secret = secret
        self._followers: set[link.Link] = set()
        self._noted: dict[str, list[WindowEvent]] = {}  # by channel, told in a moment

    def open_source(self, app: str, key: str) -> Source:
        """Give an RTMP publisher its slot. Raises PublishRefused."""
        named = read_stream_key(self._secret, key) if app == "live" else None
        if named is None or named[0] not in self.channels:
            raise WrongKey(
                "Clé de diffusion inconnue. Copiez celle qu’affiche « fabrique-tv key CANAL », "
                "avec l’adresse rtmp://…/live."
            )
        return self.take(*named, "rtmp")

    def take(self, channel: str, slot: str, kind: str) -> Source:
        """Open a source in a channel's slot. Raises PublishRefused."""
        if channel not in self.channels:
            raise PublishRefused(f"Canal inconnu : « {channel} ».")
        return self.channels[channel].take(slot, kind)

    def tell(self, message: link.AnyMessage) -> None:
        """Send `message`, encoded once, to all who follow the windows."""
        data = link.frame(message)
        for follower in self._followers:
            follower.send_frame(data)

    def note(self, channel: str, event: WindowEvent) -> None:
        """Tell all who follow the windows of `event`, together with what happens with it."""
        if not self._noted:
            asyncio.get_running_loop().call_soon(self._tell_windows)
        self._noted.setdefault(channel, []).append(event)

    def _tell_windows(self) -> None:
        noted, self._noted = self._noted, {}
        for channel, events in noted.items():
            self.tell(link.WindowChanged(channel, events))

    def state(self, channel: str) -> link.ChannelState:
        on_air = self.channels[channel]
        state = on_air.channel.state(webrtc_viewers=on_air.viewers)
        state = replace(state, feeds=on_air.feeds(on_air.channel.now()))
        if not self.unkept:
            return state
        sources = [
            replace(each, advice=[*each.advice, why])
            if (why := self.unkept.get((channel, each.slot)))
            else each
            for each in state.sources
        ]
        return replace(state, sources=sources)

    def tell_state(self, channel: str) -> None:
        """Tell what a channel shows now to web processes, and to who asked for its events."""
        state = self.state(channel)
        self.tell(state)
        self.audience.note(state)

    def _note_unkept(self, word: link.Unkept) -> None:
        self.unkept.pop((word.channel, word.slot), None)
        if word.reason:
            self.unkept[word.channel, word.slot] = word.reason
        self.tell_state(word.channel)

    async def serve(self, peer: link.Link) -> None:
        """Answer one of our processes until it goes away."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._answer_all(peer, group)
        except* LinkLost as lost:
            logger.warning("link: %s", lost.exceptions[0])
        finally:
            self._followers.discard(peer)
            self.audience.forget(peer)
            if self.restreams:
                self.restreams.leave(peer)

    def _now(self, clock: Clock, late: float) -> link.Now:
        turned_away = dict(self.audience.refused)
        datagrams, held = ({}, {}) if self.mux is None else (self.mux.datagrams, self.mux.held)
        return link.Now(clock.now(), late, dict(self.refused), turned_away, datagrams, held)

    async def run(self, clock: Clock) -> None:
        """Say the time and the channels' states, until cancelled."""
        loop, late = asyncio.get_running_loop(), 0.0
        while True:
            self.tell(self._now(clock, late))
            for name in self.channels:
                self.tell_state(name)
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            late = max(0.0, loop.time() - due)

    async def _answer_all(self, peer: link.Link, group: asyncio.TaskGroup) -> None:
        tasks: list[asyncio.Task[None]] = []
        try:
            async for message in peer.receive():
                match message:
                    case link.Follow("hls"):
                        await self._catch_up(peer)
                    case link.Follow("sound", channel) if channel in self.channels:
                        tasks.append(group.create_task(self._send_sound(peer, channel)))
                    case link.Follow("jobs"):
                        await self.ladder.serve(peer)
                    case link.Follow("watch"):
                        tasks.append(group.create_task(self.taps.serve(peer, message)))
                    case link.Follow("source" | "air", channel) if channel in self.channels:
                        tasks.append(group.create_task(self.taps.serve(peer, message)))
                    case link.Observed(channel) if channel in self.channels:
                        self.channels[channel].channel.observe(message)
                    case link.Unkept(channel) if channel in self.channels:
                        self._note_unkept(message)
                    case link.Follow("restreams") if self.restreams:
                        self.restreams.join(peer)
                    case link.Restream() if self.restreams:
                        peer.send(self.restreams.order(message))
                    case link.RestreamState() if self.restreams:
                        self.restreams.report(message)
                    case link.Offer() | link.WhepAnswer() | link.WhepPatch() | link.Hangup():
                        tasks.append(group.create_task(self.audience.serve(peer, message)))
                    case link.WhepEvents() | link.WhepListen() | link.WhepEventsEnd():
                        tasks.append(group.create_task(self.audience.serve(peer, message)))
                    case link.WhepUnlisten(stream):
                        self.audience.unlisten(peer, stream)
                    case link.WhipOffer() | link.WhipPatch() | link.WhipHangup() if self.studios:
                        tasks.append(group.create_task(self.studios.serve(peer, message)))
                    case link.Switch():
                        peer.send(self._switch(message))
                    case link.WatchLateness():
                        tasks.append(group.create_task(_watch_lateness(peer, message)))
                    case link.TurnedAway(reasons):
                        self.refused.update(reasons)
                    case link.Publish():
                        await foreign.serve_publisher(peer, message, self.take)
                    case _:
                        raise LinkLost(f"a {type(message).__name__} is not for media")
                tasks = [task for task in tasks if not task.done()]
        finally:
            for task in tasks:
                task.cancel()

    async def _catch_up(self, peer: link.Link) -> None:
        """Tell a newcomer all there is, as fast as it reads, then at once what came meanwhile."""
        there = {name: list(each.window.snapshot()) for name, each in self.channels.items()}
        for name, events in there.items():
            for event in events:
                peer.send(link.WindowChanged(name, [event]))
                await peer.drain()
        told = {id(event) for events in there.values() for event in events}
        self._tell_windows()  # to the others: the newcomer gets it below
        for name, on_air in self.channels.items():
            for event in on_air.window.snapshot():
                if id(event) not in told:
                    peer.send(link.WindowChanged(name, [event]))
            peer.send(self.state(name))
        for restream in self.restreams.states.values() if self.restreams else ():
            peer.send(restream)
        self._followers.add(peer)

    async def _send_sound(self, peer: link.Link, channel: str) -> None:
        async for packet in self.channels[channel].channel.feed.opus.follow(live=True):
            peer.send(link.Sound(channel, packet))

    def _relay_of(self, channel: str, feed: str) -> Relay | None:
        on_air = self.channels.get(channel)
        return on_air.relay_of(feed) if on_air else None

    def _switch(self, ask: link.Switch) -> link.Done | link.Refused:
        if ask.channel not in self.channels:
            detail = f"Canal inconnu : « {ask.channel} »."
            return link.Refused(ask.request, 404, "unknown-channel", detail)
        if ask.to not in CHOICES:
            detail = "Choix inconnu : attendu auto, primary, backup ou slate."
            return link.Refused(ask.request, 422, "unknown-choice", detail)
        self.channels[ask.channel].switch(cast(Choice, ask.to))
        return link.Done(ask.request)


async def run(folder: Folder, settings: Settings, secret: bytes) -> None:
    """Be the media process until cancelled."""
    clock_file = ClockFile(folder.clock)
    clock = Clock(not_before=clock_file.read())
    media = Media(secret, Ladder(expected=settings.ladder.jobs > 0), admission(settings))
    media.restreams = Restreams(settings.restreams, folder.restreams, clock.now, media.tell)
    async with AsyncExitStack() as stack:
        stack.callback(clock_file.close)
        mux = Mux(settings.webrtc.port, settings.webrtc.addresses)
        await mux.open()
        stack.push_async_callback(mux.close)
        slate = Slate(settings.event.name)
        work = [clock_file.keep(clock), media.run(clock)]
        for name in settings.channels:
            on_air = await stack.enter_async_context(
                _on_air(name, folder, settings, media, clock, slate, mux)
            )
            media.channels[name] = on_air
            work.append(on_air.run())
        await stack.enter_async_context(running(*work))
        media.mux, media.studios = mux, Studios(mux, media.take)
        stack.push_async_callback(media.studios.close)
        await stack.enter_async_context(link.listening(folder.media_socket, media.serve))
        host, port = settings.server.host, settings.rtmp.port
        await stack.enter_async_context(
            rtmp.listening(host, port, media.open_source, refused=media.refused)
        )
        logger.info("on air; rtmp on %s:%d", host, port)
        await asyncio.Event().wait()


@asynccontextmanager
async def _on_air(
    name: str,
    folder: Folder,
    settings: Settings,
    media: Media,
    clock: Clock,
    slate: Slate,
    mux: Mux,
) -> AsyncIterator[OnAir]:
    ledger = Ledger.open(folder.channels / f"{name}.json", clock.now())
    window = Window()

    def announce(event: WindowEvent) -> None:
        window.apply(event)
        if isinstance(event, PartAdded) and window.last is not None:
            ledger.reach(window.last.end)
        media.note(name, event)

    chosen = ledger.page.chosen
    channel = Channel(
        name,
        clock.now,
        resume_from=ledger.page.until or None,
        slate=slate,
        rules=settings.continuity.rules,
        chosen=cast(Choice, chosen) if chosen in CHOICES else "auto",
        on_change=lambda: media.tell_state(name),
        ladder=media.ladder,
    )
    media.taps.hook(channel)
    packager = Packager(
        origin=ledger.page.origin,
        epoch=ledger.page.epoch,
        next_msn=ledger.next_msn,
        next_discontinuity=ledger.next_discontinuity,
        emit=announce,
        part=settings.hls.part,
        segment=settings.hls.segment,
    )

    def make_relay(feed: Feed) -> Relay:
        return Relay(feed, mux=mux, limit=settings.webrtc.viewers)

    relay, delay = make_relay(channel.feed), settings.webrtc.delay
    delayed = Delayed(channel.feed, delay, make_relay) if delay else None
    setting = settings.channels[name]
    on_air = OnAir(channel, window, relay, packager, setting, ledger.choose, delayed)
    channel.watched = lambda: on_air.viewers > 0
    try:
        yield on_air
    finally:
        if delayed:
            await delayed.close()
        await relay.close()
        channel.feed.close()
        ledger.close()


async def _watch_lateness(peer: link.Link, ask: link.WatchLateness) -> None:
    loop = asyncio.get_running_loop()
    late: list[float] = []
    end = loop.time() + min(60.0, max(0.1, ask.seconds))
    due = loop.time() + STEP
    while due < end:
        await asyncio.sleep(due - loop.time())
        late.append(max(0.0, loop.time() - due))
        due = max(due + STEP, loop.time())
    late.sort()
    at = [late[int(share * (len(late) - 1))] for share in (0.5, 0.99, 1.0)]
    peer.send(link.Lateness(ask.request, *at))
