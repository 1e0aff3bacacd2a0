"""The media process: the clock, the studios, what is on air, the relay and the packager.

Its loop does nothing else. Web processes, captions and foreign inputs speak to it over the link.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import cast

import msgspec
from msgspec.structs import replace

from streaming import link
from streaming.clock import Clock, ClockFile
from streaming.errors import LinkLost, PublishRefused, WrongKey
from streaming.failover import CHOICES, Choice
from streaming.hls.window import Window
from streaming.ingest import foreign, rtmp
from streaming.ingest.whip.studios import Studios
from streaming.ladder import Ladder
from streaming.slate import Slate
from streaming.source import Source
from streaming.taps import Taps
from streaming.webrtc.audience import Audience
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tv import machines
from tv.folder import Folder
from tv.followers import Followers
from tv.on_air import OnAir, put_on_air
from tv.passes import Pass, Passes
from tv.revoking import Revoked
from tv.settings import Settings
from tv.studios.restreams import Restreams
from tv.studios.stream_keys import StreamKeys, stream_keys
from tv.tasks import running
from tv.webrtc.admission import Admission, admission

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds between two words on the time and the channels' states
UNRECORDED = "L’enregistrement redémarre."
WITH_KEYS = ("rtmp", "whip", "srt")  # kinds of publishers that showed a key
KEY_RENEWED = (
    "La clé de diffusion de cet emplacement a changé\u00a0: donnez la nouvelle à l’encodeur."
)
STEP = 0.005  # seconds: the timer whose lateness tells how well the loop runs


class Media:
    """All channels, and everybody who listens to them over the link."""

    def __init__(
        self, keys: StreamKeys, ladder: Ladder | None = None, door: Admission | None = None
    ) -> None:
        self.channels: dict[str, OnAir] = {}
        self.ladder = ladder or Ladder()
        self.taps = Taps()
        self.refused: Counter[str] = Counter()  # publishers sent away, by reason
        self.restreams: Restreams | None = None
        self.unkept: dict[tuple[str, str], str] = {}  # why, by channel and slot
        self.recordings: dict[str, link.Recording] = {}  # by channel
        self._recorder: link.Link | None = None
        self.studios: Studios | None = None  # by WHIP
        self.machines: dict[link.Link, Pass] = {}  # that are connected
        self.mux: Mux | None = None
        self.audience = Audience(self._relay_of, (door or Admission(200, {})).ask)
        self._keys = keys
        self._generations = keys.generations()  # of which all publishers are
        self._followers = Followers(lambda: self.streams, self._states)
        self.tell, self.note = self._followers.tell, self._followers.note

    @property
    def streams(self) -> dict[str, Window]:
        """The live windows of all renditions of all channels."""
        return {key: each for air in self.channels.values() for key, each in air.streams.items()}

    def open_source(self, app: str, key: str) -> Source:
        """Give an RTMP publisher its slot. Raises PublishRefused."""
        named = self._keys.place(key, "rtmp") if app == "live" else None
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
        self.end_renewed()  # who comes with the new key finds the place free
        return self.channels[channel].take(slot, kind)

    def end_renewed(self) -> None:
        """Put out who publishes with a key that was renewed since this was last called."""
        before, self._generations = self._generations, self._keys.generations()
        if before is self._generations:
            return
        for (channel, slot), generation in self._generations.items():
            if channel in self.channels and generation != before.get((channel, slot), 0):
                publisher = self.channels[channel].channel.publisher(slot)
                if publisher is not None and publisher.kind in WITH_KEYS:
                    publisher.put_out(KEY_RENEWED)

    def state(self, channel: str) -> link.ChannelState:
        on_air = self.channels[channel]
        state = on_air.channel.state(webrtc_viewers=on_air.viewers)
        state = replace(state, feeds=on_air.feeds(on_air.channel.now()))
        state = replace(state, recording=self.recordings.get(channel))
        state = replace(state, out_of_order=on_air.channel.feed.out_of_order)
        shed: list[str] = []
        if on_air.encoded:
            state = replace(state, renditions=on_air.encoded.states())
            shed = on_air.encoded.failures()
        if not self.unkept and not shed:
            return state
        sources = []
        for each in state.sources:
            unkept = self.unkept.get((channel, each.slot))
            more = [*([unkept] if unkept else []), *(shed if each.on_air else [])]
            sources.append(replace(each, advice=[*each.advice, *more]) if more else each)
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

    def _note_recording(self, peer: link.Link, word: link.Recording) -> None:
        self._recorder = peer
        self.recordings[word.channel] = word
        self.tell_state(word.channel)

    def _forget_recorder(self, peer: link.Link) -> None:
        """What it last said holds no more: it was killed, and will be back."""
        if peer is self._recorder:
            for channel, word in self.recordings.items():
                self.recordings[channel] = replace(word, state="paused", reason=UNRECORDED)
                self.tell_state(channel)

    def _states(self) -> Iterator[link.AnyMessage]:
        """What a newcomer is told besides the windows."""
        yield from map(self.state, self.channels)
        if self.restreams:
            yield from self.restreams.states.values()

    def _note_edge(self, peer: link.Link, viewers: Mapping[str, int]) -> None:
        """How many watch each channel at an edge; none once it is gone."""
        for name, on_air in self.channels.items():
            on_air.elsewhere.pop(peer, None)
            if count := viewers.get(name):
                on_air.elsewhere[peer] = count

    async def serve(self, peer: link.Link) -> None:
        """Answer one of our processes until it goes away."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._answer_all(peer, group)
        except* LinkLost as lost:
            logger.warning("link: %s", lost.exceptions[0])
        finally:
            self._followers.part(peer)
            self.audience.forget(peer)
            self._note_edge(peer, {})
            self._forget_recorder(peer)
            if self.restreams:
                self.restreams.leave(peer)

    def _now(self, clock: Clock, late: float) -> link.Now:
        turned_away = dict(self.audience.refused)
        datagrams, held = ({}, {}) if self.mux is None else (self.mux.datagrams, self.mux.held)
        machines = [msgspec.json.encode(each) for each in set(self.machines.values())]
        return link.Now(
            clock.now(), late, dict(self.refused), turned_away, datagrams, held, machines
        )

    async def run(self, clock: Clock) -> None:
        """Say the time and the channels' states, and end renewed keys, until cancelled."""
        loop, late = asyncio.get_running_loop(), 0.0
        while True:
            self.end_renewed()
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
                        await self._followers.show(peer)
                    case link.Follow("states"):
                        self._followers.welcome(peer)
                    case link.Follow("sound", channel) if channel in self.channels:
                        tasks.append(group.create_task(self._send_sound(peer, channel)))
                    case link.Follow("jobs"):
                        await self.ladder.serve(peer)
                    case link.Follow("watch"):
                        tasks.append(group.create_task(self.taps.serve(peer, message)))
                    case link.Follow("source" | "air" | "webrtc", channel) if (
                        channel in self.channels
                    ):
                        tasks.append(group.create_task(self.taps.serve(peer, message)))
                    case link.Observed(channel) if channel in self.channels:
                        self.channels[channel].channel.observe(message)
                    case link.Unkept(channel) if channel in self.channels:
                        self._note_unkept(message)
                    case link.Recording(channel) if channel in self.channels:
                        self._note_recording(peer, message)
                    case link.WantKey(channel) if channel in self.channels:
                        self.channels[channel].channel.feed.want_key()
                    case link.Watched(viewers):
                        self._note_edge(peer, viewers)
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
                    case link.Follow("sound" | "source" | "air" | "webrtc", channel):
                        logger.warning("link: somebody follows %.40r, which is no channel", channel)
                    case link.WantKey():
                        pass  # of a channel that only an edge's settings name
                    case _:
                        raise LinkLost(f"a {type(message).__name__} is not for media")
                tasks = [task for task in tasks if not task.done()]
        finally:
            for task in tasks:
                task.cancel()

    async def _send_sound(self, peer: link.Link, channel: str) -> None:
        async for packet in self.channels[channel].channel.feed.opus.follow(live=True):
            peer.send(link.Sound(channel, packet))

    def _relay_of(self, channel: str, feed: str) -> Relay | None:
        on_air = self.channels.get(channel)
        return on_air.relays.of(feed) if on_air else None

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
    keys = stream_keys(folder, settings, secret)
    media = Media(keys, Ladder(expected=settings.ladder.room > 0), admission(settings))
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
                put_on_air(
                    name,
                    folder,
                    settings,
                    clock,
                    slate,
                    mux,
                    media.ladder,
                    media.note,
                    media.tell_state,
                )
            )
            media.taps.hook(on_air.channel)
            media.channels[name] = on_air
            work.append(on_air.run())
        await stack.enter_async_context(running(*work))
        media.mux, media.studios = mux, Studios(mux, media.take)
        stack.push_async_callback(media.studios.close)
        await stack.enter_async_context(link.listening(folder.media_socket, media.serve))
        if settings.link.host:
            passes = Passes(secret, revoked=Revoked(folder.revoked))
            await stack.enter_async_context(
                machines.listening(settings.link, passes, media.serve, media.machines)
            )
        host, port = settings.rtmp.host, settings.rtmp.port
        await stack.enter_async_context(
            rtmp.listening(host, port, media.open_source, refused=media.refused)
        )
        logger.info("on air; rtmp on %s:%d", host, port)
        await asyncio.Event().wait()


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
