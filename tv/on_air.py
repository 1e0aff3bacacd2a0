"""One channel with all that carries it to viewers, in the media process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from msgspec.structs import replace

from streaming import link
from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.failover import CHOICES, Choice
from streaming.feed import Feed
from streaming.hls.audio import Audio
from streaming.hls.cutter import PART_TARGET
from streaming.hls.packager import Packager
from streaming.hls.renditions import AUDIO
from streaming.hls.window import SHORTEST, PartAdded, SegmentOpened, Window, WindowEvent
from streaming.hls.writer import Writer
from streaming.ladder import Ladder
from streaming.renditions import Renditions
from streaming.slate import Slate
from streaming.source import Source
from streaming.webrtc import rtp
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from streaming.webrtc.relays import Relays, relays
from tv import qualities
from tv.folder import Folder
from tv.ledger import Ledger
from tv.settings import Channel as ChannelSetting
from tv.settings import Settings

RENEWED = 3600  # seconds after which pages are told anew which moment an RTP timestamp is of


@dataclass
class OnAir:
    """What media has of a channel; `renditions` are the windows of all but the source, by name."""

    channel: Channel
    window: Window
    relays: Relays
    packager: Packager
    setting: ChannelSetting = field(default_factory=ChannelSetting)
    remember: Callable[[str], None] = lambda chosen: None
    renditions: dict[str, Window] = field(default_factory=dict)
    encoded: Renditions | None = None  # those of them that have a picture
    elsewhere: dict[link.Link, int] = field(default_factory=dict)  # viewers of each edge

    @property
    def streams(self) -> dict[str, Window]:
        """The windows of all renditions, by what they are called over the link."""
        name = self.channel.name
        others = {f"{name}/{each}": window for each, window in self.renditions.items()}
        return {name: self.window} | others

    @property
    def viewers(self) -> int:
        """How many watch by WebRTC, at edges too."""
        return self.relays.viewers + sum(self.elsewhere.values())

    def feeds(self, now: float) -> dict[str, link.FeedState]:
        """What viewers may ask for, and what they need to know of each."""
        # Timestamps are the clock itself, for every feed (see streaming.webrtc.rtp): this pair is
        # as good as any other, and does not change with each second.
        time = now - now % RENEWED
        feed = link.FeedState(rtp.timestamp(time, rtp.VIDEO_RATE), time, rtp.VIDEO_RATE)
        if self.relays.delayed is None:
            return {"live": feed}
        return {"live": feed, "delayed": replace(feed, delay=self.relays.delayed.delay)}

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
            if self.encoded:
                group.create_task(self.encoded.run(self.channel.feed))


@asynccontextmanager
async def put_on_air(
    name: str,
    folder: Folder,
    settings: Settings,
    clock: Clock,
    slate: Slate,
    mux: Mux,
    ladder: Ladder,
    note: Callable[[str, WindowEvent], None],
    on_change: Callable[[str], None],
) -> AsyncIterator[OnAir]:
    """A channel on air until the end of the block, once its `run` runs.

    `note` is told what happens to each stream, by what it is called over the link, and `on_change`
    which channel shows something else.
    """
    ledger = Ledger.open(folder.channels / f"{name}.json", clock.now())
    names = qualities.of(settings, name)
    window = Window()
    renditions = {each: Window() for each in (*names, AUDIO)}

    def announce(event: WindowEvent) -> None:
        window.apply(event)
        if isinstance(event, PartAdded) and window.last is not None:
            ledger.reach(window.last.end)
        elif isinstance(event, SegmentOpened):
            ledger.reach(event.start + SHORTEST)  # it is dated: no other segment is of that time
        note(name, event)

    def announce_of(rendition: str, event: WindowEvent) -> None:
        renditions[rendition].apply(event)
        if renditions[rendition].over:
            renditions[rendition] = Window()
        note(f"{name}/{rendition}", event)

    chosen = ledger.page.chosen
    channel = Channel(
        name,
        clock.now,
        resume_from=ledger.page.until or None,
        slate=slate,
        rules=settings.continuity.rules,
        chosen=cast(Choice, chosen) if chosen in CHOICES else "auto",
        on_change=partial(on_change, name),
        ladder=ladder,
    )
    origin, part_target = ledger.page.origin, PART_TARGET * settings.hls.part

    def make_writer(rendition: str) -> Writer:
        return Writer(partial(announce_of, rendition), origin, part_target)

    def slate_for() -> float:
        return clock.now() - channel.since if channel.on_air == "slate" else 0.0

    encoded = Renditions(names, name, ladder, make_writer, origin, slate_for)
    packager = Packager(
        origin=origin,
        epoch=ledger.page.epoch,
        next_msn=ledger.next_msn,
        next_discontinuity=ledger.next_discontinuity,
        emit=announce,
        part=settings.hls.part,
        segment=settings.hls.segment,
        renditions=[Audio(make_writer(AUDIO)), *encoded.pictures],
    )

    def make_relay(feed: Feed) -> Relay:
        return Relay(feed, mux=mux, limit=settings.webrtc.viewers)

    on_air = OnAir(
        channel,
        window,
        relays(channel.feed, settings.webrtc.delay, make_relay),
        packager,
        settings.channels[name],
        ledger.choose,
        renditions,
        encoded if names else None,
    )
    channel.watched = lambda: on_air.viewers > 0
    try:
        yield on_air
    finally:
        await on_air.relays.close()
        channel.feed.close()
        ledger.close()
