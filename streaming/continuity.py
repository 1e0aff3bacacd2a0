"""What a channel has on air: its studio, its backup, or its slate."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from streaming.encoding import SoundDesk
from streaming.errors import PublishRefused
from streaming.failover import DARK, Choice, OnAir, Rules, Slot, choose
from streaming.feed import Feed
from streaming.ladder import Ladder
from streaming.link import ChannelState, Observed, SourceState
from streaming.packet import Packet
from streaming.picture import STEP, PictureLine
from streaming.slate import Slate
from streaming.source import SILENCE, Source
from streaming.straight import Straight

logger = logging.getLogger(__name__)

SLOTS: tuple[Slot, ...] = ("primary", "backup")
TAKEN = "Une autre source a pris cette place."
IN_FRENCH = {"primary": "principal", "backup": "secours"}

LONGEST_HOLD = 40.0  # seconds
FLAPPING = 60.0  # seconds for which a loss makes the hold longer
# Seconds after a loss that the last picture may stand while the backup's key is near: what HLS
# viewers have in hand lasts about a second, and the part under way comes only after it.
FREEZE = 0.7
STANDING = 1.8  # seconds that it may stand in all, since it came: the slate is there within two
ABANDONED = 2.0  # seconds of silence after which a slot's holder may be put out

TICK = 0.04  # seconds
STEADY = 0.2  # seconds: the tick while a studio shows and speaks by itself, and may only be missed
IDLE = 0.2  # seconds: the tick while there is no studio, and nobody to see that the slate stutters
KEY_INTERVAL = 0.5  # seconds between two keyframes that viewers ask for, all of them together
LAG = 0.2  # seconds by which the slate runs behind: a studio that returns finds its place free
PRIMING = 0.03  # seconds of sound before a cut, with which a decoder starts
SOUND_ONLY = 2.0  # seconds without a picture after which a source is heard over the slate
SPEAKS_ON = 1.0  # and with which it goes on to be heard when it loses the air
REACH = 120.0  # seconds: a restart that took longer begins a new line of time
AHEAD = 5.0  # seconds that the last run may have been ahead of the clock: its studio hurried
LATEST = 1.0  # seconds: a keyframe that comes this late for its place is not taken
LONG = 8.0  # seconds: a larger hole is filled in steps, before a source may follow
TOGETHER = 0.1  # seconds by which the picture may be ahead of the sound after a restart


class Channel:
    """A live stream that always exists. Its picture and its sound are in `feed`.

    `now` is the broadcast clock. `resume_from` is the end of what the last run of this process
    showed: when that is not long ago, the slate fills the time since, and nothing goes before it.
    `rules` say when a source makes way for another, unless the crew has `chosen` what to show.
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
        rules: Rules = Rules(),  # noqa: B008 -- frozen
        chosen: Choice = "auto",
        on_change: Callable[[], None] | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        self.name = name
        self.now = now
        self.feed = Feed()
        self.ladder = ladder or Ladder()
        self._straight = Straight(self.feed, self.ladder, f"{name} for WebRTC")
        self.feed.want_key = self._want_key
        self.slate = slate or Slate()
        self.rules = rules
        self.chosen = chosen
        self.on_change = on_change
        self.on_packet: Callable[[Slot, str, Packet], None] = lambda slot, codec, packet: None
        self.watched: Callable[[], bool] = lambda: False  # by somebody who sees frames as they come
        self.on_left: Callable[[Slot], None] = lambda slot: None
        self.on_air: OnAir = "slate"
        self.heard: Slot | None = None  # what is on air, or a source over the slate
        self.failovers = 0  # times that a source had to leave the air
        start = now()
        self.since = start
        if resume_from is not None and -AHEAD <= start - resume_from <= REACH:
            start = resume_from
        self._resumes = start < self.since  # until the slate has filled the time since
        self.desk = SoundDesk(self.feed, start, name)
        self._sources: dict[Slot, Source] = {}
        self._latest: dict[Slot, Source] = {}  # the last publisher in each slot, there or gone
        self._losses: dict[Slot, deque[float]] = {slot: deque(maxlen=8) for slot in SLOTS}
        self._line = PictureLine(self._show, self.slate, start)
        self._size = (0, 0)  # of the picture on air: the slate's too, when it comes to that
        self._frozen = False  # whether the last picture stands until the backup's keyframe
        self._delay = 0.0  # seconds by which what was on air last is set later
        self._thaw_at = start  # when it must not stand any longer
        self._key_wanted_at = start  # when viewers last asked for a keyframe
        self._trusted: Choice | None = None  # what the crew has chosen, while it keeps its word
        self._preparing: set[asyncio.Task[None]] = set()

    def take(self, slot: str, kind: str, delay: float = 0.0, trim: float = 0.0) -> Source:
        """Give the slot to a publisher of this kind.

        `delay` seconds are added to all its times, and `trim` more to those of its sound.
        Raises PublishRefused when another one is sending there. One that has been silent for a
        while is put out.
        """
        if slot not in SLOTS:
            raise PublishRefused(
                f"Emplacement inconnu\u00a0: «\u00a0{slot}\u00a0» (il y a «\u00a0primary\u00a0» et "
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
            holder.put_out(TAKEN)
        source = self._sources[slot] = Source(self, slot, kind, delay, trim)
        self._latest[slot] = source
        logger.info("%s: %s connected by %s", self.name, slot, kind)
        self._changed()
        return source

    def publisher(self, slot: str) -> Source | None:
        """The source that publishes in a slot, or None."""
        return next((source for name, source in self._sources.items() if name == slot), None)

    def switch(self, to: Choice) -> None:
        """Show what the crew chooses, from its next keyframe on, for as long as it is there."""
        logger.info("%s: the crew chooses %s", self.name, to)
        self.chosen = to
        self._trusted = to
        self._decide(self.now())
        self._changed()

    def observe(self, observed: Observed) -> None:
        """Take in what watch says of the publisher that is in a slot."""
        for slot, source in self._sources.items():
            if slot == observed.slot:
                source.observe(observed)

    def rest(self, slot: Slot) -> float:
        """Seconds for which nobody needs what comes in this slot.

        While it is on air and nobody sees frames as they come, that is until the part under way
        ends, once the one before has its sound.
        """
        if self.on_air != slot or self.watched() or self.feed.aac.awaited:
            return 0.0
        return self.feed.due - self.now()

    def state(self, webrtc_viewers: int = 0) -> ChannelState:
        """What the crew sees of this channel."""
        slots = [slot for slot in SLOTS if slot == "primary" or slot in self._latest]
        sources = [self._state_of(slot) for slot in slots]
        return ChannelState(
            self.name,
            self.on_air,
            self.since,
            sources,
            webrtc_viewers,
            self.chosen,
            self.failovers,
        )

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
            await asyncio.sleep(self._tick())

    def _tick(self) -> float:
        if not self._sources and not self._resumes and not self.watched():
            return IDLE
        on_air = None if self.on_air == "slate" else self._sources.get(self.on_air)
        now = self.now()
        if on_air is None or not on_air.speaks(now, 0.0):
            return TICK
        missed = on_air.shown.picture_at + self.rules.loss - now
        return min(STEADY, max(TICK, missed))

    def advance(self) -> None:
        """Put out what is due by now, when no studio does; `run` does it all the time."""
        now = self.now()
        wanted = self._decide(now)
        if self.on_air == "slate":
            self._listen(now)
        lag = self._lag(wanted)
        self.desk.fill(now - self._silence(lag))
        if self.on_air != "slate" or self._frozen:
            return
        if self._resumes:
            self._line.fill(min(now - lag, self.desk.head + TOGETHER))
            self._resumes = self._line.slate_at < now - 2 * lag
        else:
            self._line.fill(now - lag)

    def _lag(self, wanted: OnAir) -> float:
        """Seconds by which the slate runs behind: it leaves room for a source that is set late."""
        return LAG + (0.0 if wanted == "slate" else self._sources[wanted].lag)

    def _silence(self, lag: float) -> float:
        """Seconds without sound after which there is silence."""
        source = None if self.heard is None else self._sources.get(self.heard)
        return source.silence if source else lag + SILENCE - LAG

    def _decide(self, now: float) -> OnAir:
        """Take a lost source off the air; return which slot ought to be on air."""
        views = [
            source.view(now, self.rules, self._hold(slot, now))
            for slot in SLOTS
            if (source := self._sources.get(slot)) is not None
        ]
        wanted = choose(now, self.on_air, views, self.rules, self.chosen)
        if self.on_air != "slate" and self.on_air != wanted:
            if not self._is_alive(now):
                self._lose(self.on_air, now)
            elif wanted == "slate":
                self._begin_slate(now)
                self._line.fill(self._line.slate_at, most=1)
        if self._frozen and not self._worth_waiting(wanted, now):
            self._frozen = False
            # One frame at once, however early: readers learn of the cut now.
            self._line.fill(self._line.slate_at, most=1)
        return wanted

    def _listen(self, now: float) -> None:
        """Over the slate, let a source be heard that has sound and no picture."""
        if self.heard is not None and self._speaks(self.heard, now, 0.0):
            return
        speakers = (slot for slot in SLOTS if self._speaks(slot, now, SOUND_ONLY))
        self._hear(next(speakers, None), now - PRIMING)

    def _speaks(self, slot: Slot, now: float, pictureless: float) -> bool:
        source = self._sources.get(slot)
        return (
            source is not None and self.chosen in ("auto", slot) and source.speaks(now, pictureless)
        )

    def _hear(self, slot: Slot | None, since: float) -> None:
        """Let this slot be heard, with what is heard at `since` or later; None: nobody."""
        if slot == self.heard:
            return
        self.heard = slot
        self.desk.cut()
        if slot is not None:
            for sound in self._sources[slot].sounds_since(since):
                self.desk.play(*sound)

    def _is_alive(self, now: float) -> bool:
        source = None if self.on_air == "slate" else self._sources.get(self.on_air)
        return source is not None and now - source.shown.picture_at < self.rules.loss

    def _hold(self, slot: Slot, now: float) -> float:
        if slot == self._trusted:
            return 0.0
        failures = sum(1 for lost in self._losses[slot] if now - lost < FLAPPING)
        return min(max(LONGEST_HOLD, self.rules.hold), self.rules.hold * 2.0**failures)

    def _worth_waiting(self, wanted: OnAir, now: float) -> bool:
        """Whether a keyframe comes soon enough for the last picture to stand until then."""
        if wanted == "slate" or now > self._thaw_at:
            return False
        return self._sources[wanted].next_key <= self._thaw_at

    def _lose(self, slot: Slot, now: float) -> None:
        logger.warning("%s: %s is lost", self.name, slot)
        self._blame(slot, now)
        source = self._latest[slot]
        self._begin_slate(now)
        self._frozen = True  # _decide tells whether that is worth it
        self._thaw_at = min(now + FREEZE, source.shown.picture_at + STANDING)

    def _blame(self, slot: Slot, now: float) -> None:
        """Remember that the slot had to leave the air: it has to be steadier to return."""
        self._losses[slot].append(now)
        self.failovers += 1
        if self._trusted == slot:
            self._trusted = None

    def _begin_slate(self, now: float) -> None:
        self.on_air = "slate"
        self.since = now
        if self.heard is not None and not self._speaks(self.heard, now, SPEAKS_ON):
            self._hear(None, now)
        self._line.begin_slate(now, REACH, self._size)
        self._changed()

    def _show(self, packet: Packet) -> None:
        self.feed.video.append(packet)
        self._straight.put(packet)

    def _picture(self, source: Source, packet: Packet) -> None:
        if self.on_air == source.slot and self._line.jumps_to(packet) <= DARK:
            self._line.put(packet)  # the tick tells when it has to go
            return
        now = self.now()
        wanted = self._decide(now)
        if self.on_air == source.slot:
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
        elif packet.dts - self._line.until > DARK:  # the two are set that far apart
            self._line.begin_slate(now, REACH, self._size)
            self._line.fill(packet.dts - STEP / 2)
        delay = source.timeline.delay
        if self._line.late(packet) > LATEST + max(0.0, self._delay - delay):
            return
        self._delay = delay
        before = self._sources.get(self.on_air) if self.on_air != "slate" else None
        if before is not None and before.facts(now).ail(now, self.rules):
            self._blame(before.slot, now)
        self.on_air = source.slot
        self.since = now
        self._frozen = False
        self._line.begin(packet)
        self._line.put(packet)
        self._hear(source.slot, packet.dts - PRIMING)
        self._size = (source.shown.width, source.shown.height)
        self._prepare(*self._size)
        logger.info("%s: %s is on air", self.name, source.slot)
        self._changed()

    def _leave(self, source: Source) -> None:
        source.leave()
        if self._sources.get(source.slot) is source:
            del self._sources[source.slot]
            self.on_left(source.slot)
            now = self.now()
            if self.on_air == source.slot:
                self._lose(source.slot, now)
            self._decide(now)
            self._changed()

    def _want_key(self) -> None:
        """A WebRTC viewer has lost the picture: ask whoever makes it for a keyframe, if one can."""
        now = self.now()
        if now - self._key_wanted_at < KEY_INTERVAL:
            return  # what was asked for serves this one too
        self._key_wanted_at = now
        source = None if self.on_air == "slate" else self._sources.get(self.on_air)
        if not self._straight.want_key() and source is not None:
            source.want_key()

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
        return source.state(self.now(), self.on_air == slot)

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()
