"""A studio's two streams: packets in, frames out to its intake, and what to tell the sender.

Nothing is decoded. A picture that was damaged on the way, and those that lean on it, are held back
until the next keyframe, which is asked for; but not for long: a smear is better than the slate.
"""

from streaming import h264
from streaming.errors import UnsupportedMedia
from streaming.ingest import advice
from streaming.ingest.intake import Intake
from streaming.ingest.whip.reorder import Reorder
from streaming.ingest.whip.sync import Line
from streaming.ingest.whip.units import Assembler, Picture
from streaming.webrtc.rtcp import Reception
from streaming.webrtc.rtp import SOUND_RATE, VIDEO_RATE, Received

RATE = 1_000_000  # what goes to the intake counts microseconds

SOUND_PATIENCE = 0.06  # nobody asks for sound again: it may only come late
KEY_INTERVAL = 1.9  # seconds without a keyframe until we ask: HLS wants one every two
ASK_INTERVAL = 0.5  # seconds between two requests for a keyframe
HOLD_BACK = 0.7  # seconds, after those for repairing it; at 1.5 the slate would come
SILENT = 1.0  # seconds after which another source may take a track over
TURNS = 5  # pictures shown out of order that are no accident

B_FRAMES = (
    "L’encodeur WHIP envoie des images B, que WebRTC ne transporte pas\u00a0: réglez le nombre "
    "d’images B à 0 (bframes=0)."
)


class Track:
    """One stream of a studio: its one source at a time, in order, and how it fares."""

    def __init__(self, rate: int, patience: float, line: Line) -> None:
        self.source: int | None = None
        self.line = line
        self.lost = 0  # packets, of all sources
        self._rate = rate
        self._patience = patience
        self._reorder = Reorder(patience)
        self._heard_at = 0.0
        self._report: tuple[int, float] | None = None  # the middle of its NTP time, and when
        # Of RFC 3550, appendix A.3 and A.8:
        self._first = self._highest = self._received = 0
        self._expected_before = self._received_before = 0
        self._jitter = self._transit = 0.0

    def accept(self, packet: Received, now: float) -> bool:
        """Put a packet of the stream itself in its place; False when it is of no use."""
        if packet.source != self.source and not self._change_source(packet, now):
            return False
        self._heard_at = now
        self._count(packet, now)
        return self._reorder.put(packet, now)

    def missing(self, now: float) -> list[int]:
        """The numbers to ask for again."""
        return self._reorder.ask(now)

    @property
    def waiting(self) -> bool:
        return self._reorder.waiting

    @property
    def round_trip(self) -> float:
        return self._reorder.round_trip

    def note_clock(self, ntp: int, timestamp: int, now: float) -> None:
        """Take the sender's own clock from its report."""
        self._report = ntp >> 16 & 0xFFFFFFFF, now
        self.line.report(ntp / (1 << 32), timestamp)

    def end_source(self) -> None:
        """The sender says that its source has ended: the next one is welcome at once."""
        self._heard_at = float("-inf")

    def reception(self, now: float) -> Reception | None:
        """How the stream comes in, for a report; None before it does."""
        if self.source is None:
            return None
        expected = self._highest - self._first + 1
        lately = expected - self._expected_before
        lost = max(0, lately - (self._received - self._received_before))
        self._expected_before, self._received_before = expected, self._received
        middle, came_at = self._report or (0, now)
        return Reception(
            source=self.source,
            fraction_lost=min(255, (lost << 8) // lately) if lately > 0 else 0,
            lost=expected - self._received,
            highest=self._highest,
            jitter=int(self._jitter),
            last_report=middle,
            delay=int((now - came_at) * 65536),
        )

    def _change_source(self, packet: Received, now: float) -> bool:
        if self.source is not None and now - self._heard_at < SILENT:
            return False
        self.source = packet.source
        self._reorder = Reorder(self._patience)
        self._report = None
        self._first = self._highest = packet.sequence
        self._received = self._expected_before = self._received_before = 0
        self._jitter = self._transit = 0.0
        return True

    def _count(self, packet: Received, now: float) -> None:
        self._received += 1
        ahead = (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        self._highest += max(0, ahead)
        transit = now * self._rate - packet.timestamp
        if self._received > 1:
            moved = abs(transit - self._transit)
            if moved < self._rate:  # a wrap, or a jump, is no jitter
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit


class PictureTrack(Track):
    """Its pictures. `wants_key` says when to ask for a keyframe.

    A lost packet may take `patience` seconds to come again.
    """

    def __init__(self, intake: Intake, leader: Line, patience: float) -> None:
        super().__init__(VIDEO_RATE, patience, Line(VIDEO_RATE, leader))
        self._intake = intake
        self._assembler = Assembler()
        self._sps: list[bytes] = []
        self._pps: list[bytes] = []
        self._config = b""
        self._key_at = self._asked_at = float("-inf")
        self._damaged_at: float | None = None
        self._viewers_want_key = False
        self._shown = float("-inf")
        self._turns = 0

    def receive(self, packet: Received, now: float) -> None:
        """Take a packet. Raises UnsupportedMedia, in French."""
        if self.accept(packet, now):
            self.advance(now)

    def receive_again(self, packet: Received, now: float) -> None:
        """Take a retransmission (RFC 4588, 4): of use only for what is missing."""
        sequence = int.from_bytes(packet.payload[:2], "big")
        if self.source is None or len(packet.payload) < 2:
            return  # padding comes this way too
        if self._reorder.is_missing(sequence):
            payload = packet.payload[2:]
            again = packet._replace(sequence=sequence, source=self.source, payload=payload)
            self._reorder.put(again, now)
            self.advance(now)

    def advance(self, now: float) -> None:
        """Hand over what is complete, or given up by now. Raises UnsupportedMedia."""
        reorder = self._reorder
        before = reorder.lost
        for packet in reorder.take(now):
            for picture in self._assembler.put(packet):
                if picture is None:
                    self._damaged_at = now if self._damaged_at is None else self._damaged_at
                else:
                    self._show(picture, now)
        self.lost += reorder.lost - before

    def wants_key(self, now: float) -> bool:
        """Whether to ask for a keyframe now, having asked no sooner than `ASK_INTERVAL` ago."""
        if self.source is None or now - self._asked_at < ASK_INTERVAL:
            return False
        damaged = self._damaged_at is not None or self._viewers_want_key
        if not damaged and now - self._key_at < KEY_INTERVAL:
            return False
        self._asked_at = now
        self._viewers_want_key = False
        return True

    def want_key(self) -> None:
        """Ask for a keyframe as soon as that may be done again."""
        self._viewers_want_key = True

    def _show(self, picture: Picture, now: float) -> None:
        time = self.line.place(picture.timestamp, now)
        if picture.key:
            self._key_at, self._damaged_at, self._viewers_want_key = now, None, False
        elif self._damaged_at is not None and now - self._damaged_at < HOLD_BACK:
            return
        self._watch_order(time)
        self._configure(picture)
        data = h264.join_units(picture.units)
        self._intake.picture("h264", data, round(time * RATE))

    def _watch_order(self, time: float) -> None:
        """B-frames would need a decoding time, which RTP does not carry."""
        if -0.5 < time - self._shown < 0.0:
            self._turns += 1
            if self._turns > TURNS:
                raise UnsupportedMedia(B_FRAMES)
        self._shown = time

    def _configure(self, picture: Picture) -> None:
        """Parameter sets come among the pictures."""
        sps = [unit for unit in picture.units if h264.nal_type(unit) == h264.SPS]
        pps = [unit for unit in picture.units if h264.nal_type(unit) == h264.PPS]
        self._sps, self._pps = sps or self._sps, pps or self._pps
        if not (sps or pps) or not (self._sps and self._pps):
            return
        try:
            config = h264.make_config(self._sps, self._pps)
        except UnsupportedMedia as error:
            raise UnsupportedMedia(advice.UNREADABLE_CONFIGURATION) from error
        if config != self._config:
            self._intake.configure_picture("h264", config)
            self._config = config


class SoundTrack(Track):
    """Its sound: one Opus packet in each of RTP's (RFC 7587, 4.2)."""

    def __init__(self, intake: Intake) -> None:
        super().__init__(SOUND_RATE, SOUND_PATIENCE, Line(SOUND_RATE))
        self._intake = intake

    def receive(self, packet: Received, now: float) -> None:
        if self.accept(packet, now):
            self.advance(now)

    def advance(self, now: float) -> None:
        before = self._reorder.lost
        for packet in self._reorder.take(now):
            if packet is not None and packet.payload:
                time = self.line.place(packet.timestamp, now)
                self._intake.sound("opus", packet.payload, round(time * RATE))
        self.lost += self._reorder.lost - before
