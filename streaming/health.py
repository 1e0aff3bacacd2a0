"""How well a studio sends, judged by its packets, and what to change, in French for the régie."""

import math
from collections import deque

from streaming.errors import UnsupportedMedia
from streaming.h264 import parameter_sets, parse_sps
from streaming.ingest.advice import KEYFRAMES, OBS
from streaming.packet import Packet

WINDOW = 5.0  # seconds over which figures are taken
LONGEST_GOP = 3.0  # seconds between keyframes with which HLS still keeps its promises
SLOWEST = 20.0  # frames per second below which movement looks broken
POOREST = 500_000.0  # bits per second, for a picture of 640 × 360 or more
RICHEST = 12_000_000.0
UNSTEADY = 0.5  # seconds without picture while the connection stands
LATE = 0.3  # seconds of lateness that the mapping has not taken back yet


class Health:
    """The figures of one source. Times are passed in: arrivals on the broadcast clock."""

    def __init__(self, started: float) -> None:
        self.width = self.height = 0
        self.reorders = False
        self.keyframe_interval = 0.0
        self.stalls = 0  # times that the picture stopped for `UNSTEADY` seconds
        self.picture_at = -math.inf  # when the last picture came
        self.sound_at = -math.inf
        self.steady_since = -math.inf  # since when pictures have come without a stop
        self.frame_interval = 0.0  # seconds between the last frames, smoothed
        self._started = started
        self._recent: deque[tuple[float, int, bool]] = deque(maxlen=4096)
        self._key_dts = -math.inf
        self._dts = -math.inf
        self._config = b""
        self._stalled_at = -math.inf

    def picture(self, packet: Packet, arrival: float) -> None:
        """Learn from a frame of H.264."""
        if arrival - self.picture_at > self.patience:
            if self.picture_at > -math.inf:
                self.stalls += 1
                self._stalled_at = arrival
            self.steady_since = arrival
        self.picture_at = arrival
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
        self._count(arrival, len(packet.data), True)

    def sound(self, packet: Packet, arrival: float) -> None:
        """Learn from a packet of sound."""
        self.sound_at = arrival
        self._count(arrival, len(packet.data), False)

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

    def advice(self, now: float, drift: float = 0.0) -> list[str]:
        """Return what to change, the worst first; nothing while all is well.

        `drift` is the source clock's: some publishers begin with a burst and stay early, which
        harms nobody, but who is late has a network that is too slow.
        """
        known = now - self._started > WINDOW
        frame_rate, bitrate = self.frame_rate(now), self.bitrate(now)
        told = []
        if known and now - self.picture_at > UNSTEADY:
            told.append("Aucune image ne parvient\u202f: vérifiez l’encodeur et le câble réseau.")
        elif now - self._stalled_at < 30:
            told.append(
                "Image irrégulière\u202f: le réseau du plateau sature. Passez en filaire ou "
                "baissez le débit."
            )
        if known and now - self.sound_at > 2:
            told.append("Aucun son ne parvient\u202f: vérifiez la piste audio de l’encodeur.")
        if self.keyframe_interval > LONGEST_GOP:
            told.append(
                f"Une image clé toutes les {_number(self.keyframe_interval)}\u00a0s "
                f"seulement\u202f: les spectateurs attendent l’image. {KEYFRAMES}\u202f: 2\u00a0s."
            )
        if self.reorders:
            told.append(
                "Images B présentes\u202f: WebRTC ne les permet pas, les écrans passent en HLS. "
                f"{OBS}Sortie → «\u00a0Options x264\u00a0»\u202f: bframes=0 (ou «\u00a0Images B "
                "max\u00a0»\u202f: 0)."
            )
        if known and 0 < frame_rate < SLOWEST and now - self.picture_at < UNSTEADY:
            told.append(
                f"{_number(frame_rate)} images par seconde seulement\u202f: l’encodeur est-il "
                "surchargé\u202f?"
            )
        if known and bitrate < POOREST and frame_rate and self.width * self.height >= 640 * 360:
            told.append(f"Débit faible ({_rate(bitrate)})\u202f: l’image peut être floue.")
        if known and bitrate > RICHEST:
            told.append(
                f"Débit élevé ({_rate(bitrate)})\u202f: 4 à 6\u00a0Mbit/s suffisent, au-delà "
                "les spectateurs peinent à suivre."
            )
        if known and drift > LATE:
            told.append(
                f"Le flux arrive avec {_number(drift)}\u00a0s de retard\u202f: le réseau du "
                "plateau ralentit. Passez en filaire ou baissez le débit."
            )
        return told

    @property
    def _settled(self) -> bool:
        return self.frame_interval > 0

    def _look_at(self, config: bytes) -> None:
        if not config or config == self._config:
            return
        self._config = config
        try:
            info = parse_sps(parameter_sets(config)[0][0])
        except UnsupportedMedia:
            return  # ingest has judged it; here it only costs the figures
        self.width, self.height = info.width, info.height

    def _count(self, arrival: float, size_bytes: int, picture: bool) -> None:
        self._recent.append((arrival, size_bytes, picture))
        while self._recent[0][0] < arrival - WINDOW:
            self._recent.popleft()

    def _within(self, now: float) -> list[tuple[float, int, bool]]:
        return [item for item in self._recent if item[0] > now - WINDOW]

    def _span(self, now: float) -> float:
        return min(WINDOW, max(1.0, now - self._started))


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",").removesuffix(",0")


def _rate(bits: float) -> str:
    if bits < 1_000_000:
        return f"{bits / 1000:.0f}\u00a0kbit/s"
    return f"{_number(bits / 1_000_000)}\u00a0Mbit/s"
