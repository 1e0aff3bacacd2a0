"""A publisher in a channel's slot: what ingest hands its packets to, and what is known of it."""

import logging
import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from streaming.clock import SourceClock
from streaming.failover import Facts, Rules, Slot, View
from streaming.health import Health
from streaming.link import Observed, SourceState
from streaming.packet import Packet
from streaming.reencoding import Reencoding

if TYPE_CHECKING:
    from streaming.continuity import Channel

logger = logging.getLogger(__name__)

COMEBACK = 1.0  # seconds of steady picture before a source that had stalled returns
SETTLING = 1.0  # seconds in which a source that begins with a burst is put in its place
SILENCE = 0.25  # seconds without sound after which there is silence
LONGEST_SILENCE = 1.0  # seconds: as long as that we wait for the sound of a source that is late
LATEST = 2.0  # seconds by which a picture may be late for being encoded
FRESH_SOUND = 0.5  # seconds for which sound is there after its last packet
FRESH = 5.0  # seconds for which what watch has seen is believed
HELD = 256  # packets of sound kept while not on air: a cut wants what is heard from then on


class Source:
    """A publisher in a channel's slot.

    Ingest stamps with `timeline`, and sets `on_evicted` to learn that the publisher is put out and
    why (in French), and `on_key_wanted` if its publisher can be asked for a keyframe. `delay`
    seconds are added to all its times, and `trim` more to its sound's.
    """

    def __init__(
        self, channel: "Channel", slot: Slot, kind: str, delay: float = 0.0, trim: float = 0.0
    ) -> None:
        now = channel.now()
        self.slot = slot
        self.kind = kind
        self.timeline = SourceClock(channel.now, delay)
        self.on_evicted: Callable[[str], None] | None = None
        self.on_key_wanted: Callable[[], None] | None = None
        self.health = Health(now)  # of what it sends
        self.shown = Health(now)  # of what can be shown of it: the same, or what the ladder makes
        self.told: list[str] = []
        self.open = True
        self.since = now
        self.alive_at = now
        self.ahead = 0.0  # seconds by which its last frame came before its time
        self.announced_rate = 0.0  # frames per second
        self.lost, self.round_trip = 0, 0.0
        self.silence = SILENCE + max(0.0, -delay - trim)  # seconds that its sound may take to come
        self._longest_silence = LONGEST_SILENCE + max(0.0, -delay - trim)
        self.heard_from = now  # what belongs to pictures before it came on air is not heard
        self._trim = trim
        self._observed: Observed | None = None
        self._observed_at = now
        self._ailed_at = -math.inf
        self._settles_until: float | None = None
        self._channel = channel
        self._reencoding = Reencoding(channel.ladder, f"{channel.name} {slot}", self._show)
        self._sounds: deque[tuple[Packet, str]] = deque(maxlen=HELD)  # while not on air

    def video(self, packet: Packet) -> None:
        """Take a frame, in decoding order."""
        if self.open:
            self.alive_at = self._channel.now()
            self._channel.on_packet(self.slot, "h264", packet)
            self.health.picture(packet, self.alive_at)
            self._reencoding.video(packet)
            self._settle()

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        """Take a frame that viewers cannot be shown as it is, for the ladder.

        Raises UnsupportedMedia when that cannot be done.
        """
        if self.open:
            self.alive_at = self._channel.now()
            self._channel.on_packet(self.slot, codec, packet)
            self.health.picture(packet, self.alive_at, codec)
            self._reencoding.reencode(packet, codec, why)
            self._settle()

    def announce(self, frame_rate: float) -> None:
        """Note what the publisher says of itself."""
        self.announced_rate = frame_rate

    def transport(self, lost: int, round_trip: float) -> None:
        """Note what the network does to this source."""
        self.lost, self.round_trip = lost, round_trip
        self.health.transport(lost, self._channel.now())

    def observe(self, observed: Observed) -> None:
        """Note what watch has seen and heard of this source."""
        self._observed, self._observed_at = observed, self._channel.now()
        self.health.observe(observed, self._observed_at)

    def sound(self, packet: Packet, codec: str) -> None:
        """Take a packet of sound in one of the codecs of `streaming.sound.CODECS`."""
        if not self.open:
            return
        if self._trim:
            packet = replace(packet, dts=packet.dts + self._trim, pts=packet.pts + self._trim)
        now = self.alive_at = self._channel.now()
        self._channel.on_packet(self.slot, codec, packet)
        self.health.sound(packet, now, codec)
        # Wait for late sound rather than lose it, and forget slowly that it was late.
        late = now - packet.pts + 0.15
        self.silence = min(self._longest_silence, max(SILENCE, late, self.silence * 0.999))
        if self._channel.heard == self.slot:
            if packet.pts >= self.heard_from:
                self._channel.desk.play(packet, codec)
        else:
            self._sounds.append((packet, codec))
        self._settle()

    def advise(self, sentences: list[str]) -> None:
        """Say what the crew should change, in French; replaces what was said before."""
        if sentences != self.told:
            self.told = list(sentences)
            self._channel._changed()

    def want_key(self) -> None:
        """Ask for a keyframe, whoever makes it; nobody does for RTMP and SRT: the next is near."""
        if not self._reencoding.want_key() and self.on_key_wanted is not None:
            self.on_key_wanted()

    def close(self, reason: str) -> None:
        """The publisher is gone."""
        if self.open:
            logger.info("%s: %s left: %s", self._channel.name, self.slot, reason)
            self._channel._leave(self)

    def put_out(self, reason: str) -> None:
        """Take its place from the publisher, and say the `reason` to it and to the crew."""
        self.told = [reason]
        self.close(f"it is put out: {reason}")
        if self.on_evicted is not None:
            self.on_evicted(reason)

    def leave(self) -> None:
        """It has lost its place: nothing that it sends is shown any more."""
        self.open = False
        self._reencoding.close()

    def _show(self, packet: Packet) -> None:
        """Take a frame that viewers can be shown: as it came, or from the ladder."""
        if self.open:
            now = self._channel.now()
            self.ahead = packet.dts - now
            self.shown.picture(packet, now)
            self._channel._picture(self, packet)

    @property
    def watched(self) -> bool:
        """Whether somebody sees frames as they come: then none may wait for the next."""
        return self._channel.watched()

    @property
    def rest(self) -> float:
        """Seconds for which nobody needs what its publisher sends: it may be left unread."""
        return 0.0 if self._reencoding.why else self._channel.rest(self.slot)

    @property
    def lag(self) -> float:
        """Seconds by which its pictures come after their times, as it is set or encoded."""
        late = -self.ahead if self._reencoding.why else 0.0
        return max(0.0, -self.timeline.delay, min(late, LATEST))

    def speaks(self, now: float, pictureless: float) -> bool:
        """Whether there is sound of it now, and has been no picture for so many seconds."""
        seen_at = max(self.since, self.shown.picture_at)
        return now - self.health.sound_at < FRESH_SOUND and now - seen_at >= pictureless

    def sounds_since(self, time: float) -> list[tuple[Packet, str]]:
        """Give away the sound held back that is heard at `time` or later: it is on air."""
        self.heard_from = time
        held = [item for item in self._sounds if item[0].pts >= time]
        self._sounds.clear()
        return held

    @property
    def next_key(self) -> float:
        """When its next keyframe is expected to come; infinity when nothing tells."""
        return self.shown.next_key - self.ahead

    def facts(self, now: float) -> Facts:
        """What watch has seen of it; nothing when that is too long ago."""
        observed = self._observed
        if observed is None or now - self._observed_at > FRESH:
            return Facts()
        return Facts(observed.black_since, observed.silent_since, observed.frozen_since)

    def view(self, now: float, rules: Rules, hold: float) -> View:
        """What failover wants to know; `hold` is for the channel to say."""
        health = self.shown
        ailing = self.facts(now).ail(now, rules)
        if ailing:
            self._ailed_at = now
        return View(
            slot=self.slot,
            picture_at=health.picture_at,
            steady_since=health.steady_since,
            patience=health.patience,
            comeback=COMEBACK if self.health.stalls else 0.0,
            hold=hold,
            ailing=ailing,
            well_since=self._ailed_at,
        )

    def state(self, now: float, on_air: bool) -> SourceState:
        """What the crew sees of it."""
        health, drift = self.health, self.timeline.drift
        facts = self.facts(now)
        observed = self._observed if now - self._observed_at <= FRESH else None

        def lasting(since: float | None) -> float:
            return 0.0 if since is None else round(max(0.0, now - since), 1)

        state = SourceState(
            slot=self.slot,
            kind=self.kind,
            connected=True,
            on_air=on_air,
            width=health.width or self.shown.width,
            height=health.height or self.shown.height,
            frame_rate=round(health.frame_rate(now), 2),
            bitrate=round(health.bitrate(now)),
            keyframe_interval=round(health.keyframe_interval, 2),
            drift=round(drift, 3),
            announced_rate=self.announced_rate,
            reorders=health.reorders,
            encoded=self._reencoding.why,
            since=self.since,
            loudness=observed.loudness if observed is not None else None,
            black=lasting(facts.black_since),
            silent=lasting(facts.silent_since),
            frozen=lasting(facts.frozen_since),
            lost=self.lost,
            round_trip=self.round_trip,
            video=health.video,
            sound=health.audio,
            profile=health.profile,
            frames=health.frames,
            received=health.received,
        )
        return replace(state, advice=self.told + health.advice(now, state))

    def _settle(self) -> None:
        now = self.alive_at
        if self._settles_until is None:
            self._settles_until = now + SETTLING
        if now < self._settles_until:
            self.timeline.settle()
