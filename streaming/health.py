"""How well a studio sends: the figures of one source, and what to change, in French."""

import math
from collections import deque

from streaming.advisor import Advisor
from streaming.diagnosis import Signs, symptoms
from streaming.errors import UnsupportedMedia
from streaming.h264 import parameter_sets, parse_sps
from streaming.link import Observed, SourceState
from streaming.packet import Packet
from streaming.sps import SpsInfo

WINDOW = 5.0  # seconds over which figures are taken
UNSTEADY = 0.5  # seconds without picture while the connection stands
STALLED = 30.0  # seconds for which it is told that the picture has stopped
LOSING = 10.0  # seconds over which lost packets are counted
DATAGRAM = 1200  # bytes of media that a packet of the network has, about
LEVELLING = 10.0  # seconds over which loudness is averaged
AUDIBLE = -50.0  # LUFS: pauses do not count
UNHEARD = 20.0  # seconds without anything audible after which there is no level


class Health:
    """The figures of one source. Times are passed in: arrivals on the broadcast clock."""

    def __init__(self, started: float) -> None:
        self.video = ""  # codec, as libav names it
        self.audio = ""
        self.profile = ""  # of H.264, as people say it: "High 4.1"
        self.width = self.height = 0
        self.reorders = False
        self.keyframe_interval = 0.0
        self.stalls = 0  # times that the picture stopped for `UNSTEADY` seconds
        self.picture_at = -math.inf  # when the last picture came
        self.sound_at = -math.inf
        self.steady_since = -math.inf  # since when pictures have come without a stop
        self.frame_interval = 0.0  # seconds between the last frames, smoothed
        self.frames = 0  # since it connected
        self.received = 0  # bytes of picture and sound
        self._started = started
        self._recent: deque[tuple[float, int, bool]] = deque(maxlen=4096)
        self._key_dts = -math.inf
        self._dts = -math.inf
        self._config = b""
        self._stalled_at = -math.inf
        self._lost: deque[tuple[float, int]] = deque(maxlen=64)
        self._power = 0.0  # of what is audible, averaged
        self._heard_at = -math.inf
        self._movement: float | None = None
        self._observed_at = -math.inf
        self._advisor = Advisor()

    def picture(self, packet: Packet, arrival: float, codec: str = "h264") -> None:
        """Learn from a frame."""
        if (since := arrival - self.picture_at) > UNSTEADY and since > self.patience:
            if self.picture_at > -math.inf:
                self.stalls += 1
                self._stalled_at = arrival
            self.steady_since = arrival
        self.picture_at = arrival
        self.video = codec
        step = packet.dts - self._dts
        if 0 < step < 1:
            self.frame_interval += (step - self.frame_interval) * (0.1 if self._settled else 1.0)
        self._dts = packet.dts
        self.reorders = self.reorders or packet.pts - packet.dts > 0.002
        if packet.key:
            if packet.dts > self._key_dts > -math.inf:
                self.keyframe_interval = packet.dts - self._key_dts
            self._key_dts = packet.dts
            self._look_at(packet.config)
        elif self._key_dts > -math.inf:
            # The next keyframe is not there yet: the interval is at least what has passed.
            self.keyframe_interval = max(self.keyframe_interval, packet.dts - self._key_dts)
        self.frames += 1
        self._count(arrival, len(packet.data), True)

    def sound(self, packet: Packet, arrival: float, codec: str = "aac") -> None:
        """Learn from a packet of sound."""
        self.sound_at = arrival
        self.audio = codec
        self._count(arrival, len(packet.data), False)

    def observe(self, observed: Observed, arrival: float) -> None:
        """Learn from what watch sees and hears."""
        self._movement, self._observed_at = observed.movement, arrival
        if self.video != "h264" and observed.width:
            self.width, self.height = observed.width, observed.height
        if observed.loudness is None or observed.loudness < AUDIBLE:
            return
        power = 10 ** (observed.loudness / 10)
        share = 1 - math.exp(-max(0.0, arrival - self._heard_at) / LEVELLING)
        self._power += share * (power - self._power)
        self._heard_at = arrival

    def transport(self, lost: int, arrival: float) -> None:
        """Learn how many packets the network has lost for good by now."""
        if self._lost and lost < self._lost[-1][1]:
            self._lost.clear()  # it counts anew
        self._lost.append((arrival, lost))
        while self._lost[0][0] < arrival - LOSING:
            self._lost.popleft()

    @property
    def patience(self) -> float:
        """Seconds without a picture after which the source is no longer steady."""
        return min(1.5, max(UNSTEADY, 3 * self.frame_interval))

    @property
    def next_key(self) -> float:
        """When the next keyframe is to be expected; infinity when nothing tells."""
        return self._key_dts + self.keyframe_interval if self.keyframe_interval else math.inf

    def frame_rate(self, now: float) -> float:
        frames = sum(picture for _, _, picture in self._within(now))
        return frames / self._span(now)

    def bitrate(self, now: float) -> float:
        """Bits per second of picture and sound."""
        return 8 * sum(size for _, size, _ in self._within(now)) / self._span(now)

    def level(self, now: float) -> float | None:
        """Loudness in LUFS of what can be heard, averaged; None while nothing can."""
        if now - self._heard_at > UNHEARD:
            return None
        return 10 * math.log10(self._power)

    def loss(self, now: float) -> float:
        """The share of its packets that the network has lost of late."""
        within = [lost for at, lost in self._lost if at > now - LOSING]
        if len(within) < 2 or within[-1] == within[0]:
            return 0.0
        lost = within[-1] - within[0]
        return lost / (lost + self.bitrate(now) / 8 / DATAGRAM * LOSING)

    def advice(self, now: float, state: SourceState) -> list[str]:
        """Return what to change, the worst first; nothing while all is well.

        `state` has the other figures. Sentences do not flicker: to be asked about once a second.
        """
        signs = Signs(
            kind=state.kind,
            age=now - self._started,
            picture_age=now - self.picture_at,
            sound_age=now - self.sound_at,
            stalled=now - self._stalled_at < STALLED,
            width=self.width,
            height=self.height,
            frame_rate=state.frame_rate,
            announced_rate=state.announced_rate,
            bitrate=state.bitrate,
            keyframe_interval=self.keyframe_interval,
            reorders=self.reorders,
            encoded=bool(state.encoded),
            drift=state.drift,
            loss=self.loss(now),
            level=self.level(now),
            black=state.black,
            silent=state.silent,
            frozen=state.frozen,
            movement=self._movement if now - self._observed_at < WINDOW else None,
        )
        return self._advisor.tell(now, symptoms(signs))

    @property
    def _settled(self) -> bool:
        return self.frame_interval > 0

    def _look_at(self, config: bytes) -> None:
        if self.video != "h264":
            self.profile, self._config = "", b""
            return
        if not config or config == self._config:
            return
        self._config = config
        try:
            info = parse_sps(parameter_sets(config)[0][0])
        except UnsupportedMedia:
            return  # ingest has judged it; here it only costs the figures
        self.width, self.height = info.width, info.height
        self.profile = profile_name(info)

    def _count(self, arrival: float, size_bytes: int, picture: bool) -> None:
        self.received += size_bytes
        self._recent.append((arrival, size_bytes, picture))
        while self._recent[0][0] < arrival - WINDOW:
            self._recent.popleft()

    def _within(self, now: float) -> list[tuple[float, int, bool]]:
        return [item for item in self._recent if item[0] > now - WINDOW]

    def _span(self, now: float) -> float:
        return min(WINDOW, max(1.0, now - self._started))


_PROFILES = {
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4",
}


def profile_name(info: SpsInfo) -> str:
    """Profile and level of H.264 (A.2 and A.3), as encoders' settings call them: "High 4.1"."""
    name = _PROFILES.get(info.profile, f"profil {info.profile}")
    if info.profile == 66 and info.constraints & 0x40:
        name = "Constrained Baseline"
    level = f"{info.level // 10}.{info.level % 10}"
    if info.level == 11 and info.constraints & 0x10 and info.profile in (66, 77, 88):
        level = "1b"
    return f"{name} {level}"
