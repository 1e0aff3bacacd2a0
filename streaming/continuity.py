"""What a channel has on air: its studio, its backup, or its slate."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from streaming.clock import SourceClock
from streaming.encoding import SoundDesk
from streaming.errors import PublishRefused
from streaming.failover import DARK, OnAir, Slot, View, choose
from streaming.feed import Feed
from streaming.health import Health
from streaming.link import ChannelState, SourceState
from streaming.packet import Packet
from streaming.picture import STEP, PictureLine
from streaming.slate import Slate
from streaming.sound import Codec

logger = logging.getLogger(__name__)

SLOTS: tuple[Slot, ...] = ("primary", "backup")
IN_FRENCH = {"primary": "principal", "backup": "secours"}

COMEBACK = 1.0  # seconds of steady picture before a source that had stalled returns
HOLD = 5.0  # seconds of steady picture before a source takes over from one that is fine
LONGEST_HOLD = 40.0
FLAPPING = 60.0  # seconds for which a loss makes the hold longer
FREEZE = 1.0  # seconds that the last picture may stand while the backup's keyframe is near
ABANDONED = 2.0  # seconds of silence after which a slot's holder may be put out

TICK = 0.04  # seconds
LAG = 0.2  # seconds by which the slate runs behind: a studio that returns finds its place free
PRIMING = 0.03  # seconds of sound before a cut, with which a decoder starts
SILENCE = 0.25  # seconds without sound after which there is silence
LONGEST_SILENCE = 1.0  # seconds: as long as that we wait for the sound of a source that is late
REACH = 120.0  # seconds: a restart that took longer begins a new line of time
AHEAD = 5.0  # seconds that the last run may have been ahead of the clock: its studio hurried
LONG = 5.0  # seconds: a larger hole is filled in steps, before a source may follow
TOGETHER = 0.1  # seconds by which the picture may be ahead of the sound after a restart


class Source:
    """A publisher in a channel's slot: what ingest hands its packets to.

    Ingest stamps with `timeline`, and sets `on_evicted` to learn that another publisher has taken
    the slot over.
    """

    def __init__(self, channel: "Channel", slot: Slot, kind: str, delay: float) -> None:
        now = channel.now()
        self.slot = slot
        self.kind = kind
        self.timeline = SourceClock(channel.now, delay)
        self.on_evicted: Callable[[], None] | None = None
        self.health = Health(now)
        self.told: list[str] = []
        self.open = True
        self.alive_at = now
        self.silence = SILENCE  # seconds that its sound may take to come
        self._channel = channel
        self._sounds: deque[tuple[Packet, Codec]] = deque(maxlen=64)  # while not on air

    def video(self, packet: Packet) -> None:
        """Take a frame, in decoding order."""
        if self.open:
            self.alive_at = self._channel.now()
            self._channel.on_packet(self.slot, "h264", packet)
            self.health.picture(packet, self.alive_at)
            self._channel._picture(self, packet)

    def sound(self, packet: Packet, codec: Codec) -> None:
        if not self.open:
            return
        now = self.alive_at = self._channel.now()
        self._channel.on_packet(self.slot, codec, packet)
        self.health.sound(packet, now)
        # Wait for late sound rather than lose it, and forget slowly that it was late.
        late = now - packet.pts + 0.15
        self.silence = min(LONGEST_SILENCE, max(SILENCE, late, self.silence * 0.999))
        if self._channel.on_air == self.slot:
            self._channel.desk.play(packet, codec)
        else:
            self._sounds.append((packet, codec))

    def advise(self, sentences: list[str]) -> None:
        """Say what the crew should change, in French; replaces what was said before."""
        if sentences != self.told:
            self.told = list(sentences)
            self._channel._changed()

    def close(self, reason: str) -> None:
        """The publisher is gone."""
        if self.open:
            logger.info("%s: %s left: %s", self._channel.name, self.slot, reason)
            self._channel._leave(self)

    def sounds_since(self, time: float) -> list[tuple[Packet, Codec]]:
        """Give away the sound held back that is heard at `time` or later."""
        held = [item for item in self._sounds if item[0].pts >= time]
        self._sounds.clear()
        return held

    def view(self, failures: int) -> View:
        health = self.health
        return View(
            slot=self.slot,
            picture_at=health.picture_at,
            steady_since=health.steady_since,
            patience=health.patience,
            comeback=COMEBACK if health.stalls else 0.0,
            hold=min(LONGEST_HOLD, HOLD * 2**failures),
        )


class Channel:
    """A live stream that always exists. Its picture and its sound are in `feed`.

    `now` is the broadcast clock. `resume_from` is the end of what the last run of this process
    showed: when that is not long ago, the slate fills the time since, and nothing goes before it.
    `on_change` is called when another slot comes on air, a publisher comes or goes, or advice
    changes. `on_packet` gets all that a slot receives, with its codec, before anything is chosen,
    and `on_left` the slot whose publisher is gone.
    """

    def __init__(
        self,
        name: str,
        now: Callable[[], float],
        *,
        resume_from: float | None = None,
        slate: Slate | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.now = now
        self.feed = Feed()
        self.slate = slate or Slate()
        self.on_change = on_change
        self.on_packet: Callable[[Slot, str, Packet], None] = lambda slot, codec, packet: None
        self.on_left: Callable[[Slot], None] = lambda slot: None
        self.on_air: OnAir = "slate"
        start = now()
        self.since = start
        if resume_from is not None and -AHEAD <= start - resume_from <= REACH:
            start = resume_from
        self._resumes = start < self.since  # until the slate has filled the time since
        self.desk = SoundDesk(self.feed, start, name)
        self._sources: dict[Slot, Source] = {}
        self._latest: dict[Slot, Source] = {}  # the last publisher in each slot, there or gone
        self._losses: dict[Slot, deque[float]] = {slot: deque(maxlen=8) for slot in SLOTS}
        self._line = PictureLine(self.feed.video, self.slate, start)
        self._size = (0, 0)  # of the picture on air: the slate's too, when it comes to that
        self._frozen = False  # whether the last picture stands until the backup's keyframe
        self._preparing: set[asyncio.Task[None]] = set()

    def take(self, slot: str, kind: str, delay: float = 0.0) -> Source:
        """Give the slot to a publisher of this kind; `delay` seconds are added to all its times.

        Raises PublishRefused when another one is sending there. One that has been silent for a
        while is put out.
        """
        if slot not in SLOTS:
            raise PublishRefused(
                f"Emplacement inconnu\u202f: «\u00a0{slot}\u00a0» (il y a «\u00a0primary\u00a0» et "
                "«\u00a0backup\u00a0»)."
            )
        holder = self._sources.get(slot)
        if holder is not None:
            if self.now() - holder.alive_at <= ABANDONED:
                raise PublishRefused(
                    f"L’emplacement {IN_FRENCH[slot]} du canal «\u00a0{self.name}\u00a0» est déjà "
                    f"occupé par une source ({holder.kind}). Arrêtez-la d’abord, ou publiez sur "
                    "l’autre."
                )
            logger.warning("%s: a silent publisher in %s is put out", self.name, slot)
            self._leave(holder)
            if holder.on_evicted is not None:
                holder.on_evicted()
        source = self._sources[slot] = Source(self, slot, kind, delay)
        self._latest[slot] = source
        logger.info("%s: %s connected by %s", self.name, slot, kind)
        self._changed()
        return source

    def state(self, webrtc_viewers: int = 0) -> ChannelState:
        """What the crew sees of this channel."""
        slots = [slot for slot in SLOTS if slot == "primary" or slot in self._latest]
        sources = [self._state_of(slot) for slot in slots]
        return ChannelState(self.name, self.on_air, self.since, sources, webrtc_viewers)

    async def run(self) -> None:
        """Keep the channel on air, until cancelled."""
        self._prepare(0, 0)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.desk.run())
                group.create_task(self._pace())
        finally:
            for task in tuple(self._preparing):
                task.cancel()
            await asyncio.gather(*self._preparing, return_exceptions=True)

    async def _pace(self) -> None:
        while True:
            self.advance()
            await asyncio.sleep(TICK)

    def advance(self) -> None:
        """Put out what is due by now, when no studio does; `run` does it all the time."""
        now = self.now()
        self._decide(now)
        self.desk.fill(self._silent_until(now))
        if self.on_air != "slate" or self._frozen:
            return
        if self._resumes:
            self._line.fill(min(now - LAG, self.desk.head + TOGETHER))
            self._resumes = self._line.slate_at < now - 2 * LAG
        else:
            self._line.fill(now - LAG)

    def _silent_until(self, now: float) -> float:
        source = None if self.on_air == "slate" else self._sources.get(self.on_air)
        return now - (source.silence if source else SILENCE)

    def _decide(self, now: float) -> OnAir:
        """Take a lost source off the air; return which slot ought to be on air."""
        views = [
            self._sources[slot].view(self._failures(slot, now))
            for slot in SLOTS
            if slot in self._sources
        ]
        wanted = choose(now, self.on_air, views)
        if self.on_air != "slate" and self.on_air != wanted and not self._is_alive(now):
            self._lose(self.on_air, now)
        if self._frozen and not self._worth_waiting(wanted, now):
            self._frozen = False
            # One frame at once, however early: readers learn of the cut now.
            self._line.fill(self._line.slate_at, most=1)
        return wanted

    def _is_alive(self, now: float) -> bool:
        source = None if self.on_air == "slate" else self._sources.get(self.on_air)
        return source is not None and now - source.health.picture_at < DARK

    def _worth_waiting(self, wanted: OnAir, now: float) -> bool:
        """Whether a keyframe comes soon enough for the last picture to stand until then."""
        until = self._line.until
        if wanted == "slate" or now - until > FREEZE:
            return False
        return self._sources[wanted].health.next_key - until <= FREEZE

    def _lose(self, slot: Slot, now: float) -> None:
        self._losses[slot].append(now)
        logger.warning("%s: %s is lost", self.name, slot)
        self.on_air = "slate"
        self.since = now
        self.desk.cut()
        self._line.begin_slate(now, REACH, self._size)
        self._frozen = True  # _decide tells whether that is worth it
        self._changed()

    def _picture(self, source: Source, packet: Packet) -> None:
        now = self.now()
        wanted = self._decide(now)
        if self.on_air == source.slot:
            if self._line.jumps_to(packet) <= DARK:
                self._line.put(packet)
                return
            self._lose(source.slot, now)  # its time jumped: the slate fills the hole
            wanted = self._decide(now)
        if packet.key and packet.config and wanted == source.slot:
            self._cut(source, packet, now)

    def _cut(self, source: Source, packet: Packet, now: float) -> None:
        """Put `source` on air from this keyframe on, if it fits into the line of time."""
        if self.on_air == "slate" and not self._frozen:
            hole = packet.dts - self._line.slate_at
            if self._resumes or (hole > LONG and self.slate.loop() is not None):
                return  # readers need a moment for what is missing: the next keyframe will do
            # A frame of the slate shorter than half its length would only flash.
            self._line.fill(packet.dts - STEP / 2)
        if not self._line.has_room_for(packet, source.health.reorders):
            return
        self.on_air = source.slot
        self.since = now
        self._frozen = False
        self._line.begin()
        self._line.put(packet)
        self.desk.cut()
        for sound in source.sounds_since(packet.dts - PRIMING):
            self.desk.play(*sound)
        self._size = (source.health.width, source.health.height)
        self._prepare(*self._size)
        logger.info("%s: %s is on air", self.name, source.slot)
        self._changed()

    def _leave(self, source: Source) -> None:
        source.open = False
        if self._sources.get(source.slot) is source:
            del self._sources[source.slot]
            self.on_left(source.slot)
            now = self.now()
            if self.on_air == source.slot:
                self._lose(source.slot, now)
            self._decide(now)
            self._changed()

    def _failures(self, slot: Slot, now: float) -> int:
        return sum(1 for lost in self._losses[slot] if now - lost < FLAPPING)

    def _prepare(self, width: int, height: int) -> None:
        async def prepare() -> None:
            try:
                await self.slate.prepare(width, height)
            except Exception:
                # Another size will do; a channel without any goes on with its studio alone.
                logger.exception("%s: the slate of %d × %d failed", self.name, width, height)
                self._resumes = False

        task = asyncio.create_task(prepare())
        self._preparing.add(task)
        task.add_done_callback(self._preparing.discard)

    def _state_of(self, slot: Slot) -> SourceState:
        source = self._latest.get(slot)
        if source is None:
            return SourceState(slot, "", connected=False, on_air=False)
        if not source.open:  # what was told is why it is gone, when it was refused
            return SourceState(slot, source.kind, False, False, source.told)
        now, health, drift = self.now(), source.health, source.timeline.drift
        return SourceState(
            slot=slot,
            kind=source.kind,
            connected=True,
            on_air=self.on_air == slot,
            advice=source.told + health.advice(now, drift),
            width=health.width,
            height=health.height,
            frame_rate=round(health.frame_rate(now), 2),
            bitrate=round(health.bitrate(now)),
            keyframe_interval=round(health.keyframe_interval, 2),
            drift=round(drift, 3),
        )

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()
