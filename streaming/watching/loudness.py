"""How loud a studio is: EBU R128 momentary loudness (EBU Tech 3341), by libavfilter's ebur128."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import av.error
import numpy as np
from av import AudioFrame
from av.filter import Graph

from streaming.packet import Packet
from streaming.sound import RATE, Decoder, Samples, time_of

WINDOW = 0.4  # seconds that momentary loudness looks back
FLOOR = -70.0  # LUFS: R128 calls nothing quieter than this anything but silence
SILENT = -50.0  # LUFS: below it nobody hears whether the microphone is open
AUDIBLE = -47.0  # and above it silence ends: noise at the border does not come and go


class Heard(NamedTuple):
    """Momentary loudness in LUFS, and since when it has been silent (None: it is not)."""

    loudness: float
    silent_since: float | None


class Loudness:
    """Decodes one publisher's sound and measures it, as viewers hear it: in stereo."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None
        self._graph: Any = None
        self._source: Any = None
        self._sink: Any = None
        self._samples = 0  # that went through the filter
        self._silent_since: float | None = None

    def hear(self, codec: str, packet: Packet) -> Heard | None:
        """Take a packet; return what is known at its end, None while nothing new is.

        Raises ValueError for a codec that is not known.
        """
        if self._decoder is None or (codec, packet.config) != (
            self._decoder.codec,
            self._decoder.config,
        ):
            self._decoder = Decoder(codec, packet.config)
        heard = None
        for place, samples in self._decoder.decode(packet):
            for loudness in self._measure(samples):
                heard = self._judge(loudness, time_of(place + samples.shape[1]))
        return heard

    def _judge(self, loudness: float, time: float) -> Heard:
        if loudness > AUDIBLE:
            self._silent_since = None
        elif loudness < SILENT and self._silent_since is None:
            self._silent_since = time - WINDOW
        return Heard(loudness, self._silent_since)

    def _measure(self, samples: Samples) -> list[float]:
        """Put samples through the filter; return a value for each 0.1 s that is complete."""
        if self._graph is None:
            self._open()
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = self._samples
        self._samples += samples.shape[1]
        self._source.push(frame)
        measured: list[float] = []
        while True:
            try:
                value = float(self._sink.pull().metadata["lavfi.r128.M"])
            except (av.error.BlockingIOError, av.error.EOFError):
                return measured
            if self._samples >= WINDOW * RATE:  # before, silence from nowhere would be counted in
                measured.append(FLOOR if math.isnan(value) else max(FLOOR, value))

    def _open(self) -> None:
        self._graph = Graph()
        self._graph.threads = 1  # others would wait beside each studio, with nothing to do
        self._source = self._graph.add_abuffer(
            format="fltp", sample_rate=RATE, layout="stereo", time_base=Fraction(1, RATE)
        )
        meter = self._graph.add("ebur128", "metadata=1")
        self._sink = self._graph.add("abuffersink")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        self._graph.configure()
