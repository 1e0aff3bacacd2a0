"""One studio's WebRTC connection: what it sends goes to its source, what it lost is asked for."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from streaming.errors import UnsupportedMedia
from streaming.ingest import Source
from streaming.ingest.intake import Intake
from streaming.ingest.whip.tracks import RATE, PictureTrack, SoundTrack
from streaming.webrtc import rtcp, rtp
from streaming.webrtc.connection import STREAM_NAME, Connection
from streaming.webrtc.mux import Mux
from streaming.webrtc.sdp import Offer

logger = logging.getLogger(__name__)

LOOK = 0.1  # seconds: keyframes and silence
LOOK_CLOSER = 0.01  # seconds, while packets are missing
REPORT_INTERVAL = 1.0  # seconds

# Without any word of ours browsers begin at 300 kbps and take half a minute to come to their best;
# when the network has not that much they see by our reports what it loses.
ROOM = 8_000_000  # bits per second


@dataclass(frozen=True)
class Patience:
    """Seconds that a studio may take."""

    connect: float = 10.0  # from the answer until media flows
    silence: float = 9.0  # without a check, an answer to ours, or a packet
    repair: float = 0.4  # until a lost packet of the picture has come again


PATIENCE = Patience()


class Studio(Connection):
    """A publisher's connection, from its offer to its end, which `on_end` is told once."""

    direction = "recvonly"
    receives = True
    allowance = 20_000  # 190 Mbps

    def __init__(
        self,
        mux: Mux,
        source: Source,
        on_end: Callable[["Studio", str], None],
        patience: Patience = PATIENCE,
    ) -> None:
        self._voice = secrets.randbits(32)  # our source, in reports
        super().__init__(mux, {"video": self._voice})
        self._source = source
        self._on_end = on_end
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._asked_at = self._heard_at = self._reported_at = self._loop.time()
        self._open = self._ended = False
        intake = Intake(source, RATE)
        self._sound = SoundTrack(intake)
        self._picture = PictureTrack(intake, self._sound.line, patience.repair)
        self._types: dict[int, str] = {}
        self._feedback: set[tuple[str, str | None]] = set()
        self._keys_asked = 0
        self._timer: asyncio.TimerHandle | None = None
        source.on_evicted = lambda reason: self.end(f"it is put out: {reason}")
        source.on_key_wanted = self._want_key

    async def answer(self, offer: Offer) -> str:
        self._agree(offer.codecs)
        self._look()
        return await super().answer(offer)

    def restart(self, name: str, password: str) -> tuple[str, str, list[str]]:
        self._heard_at = self._loop.time()
        return super().restart(name, password)

    def end(self, reason: str) -> None:
        """Give the source back; the connection is closed by who is told."""
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._source.on_evicted = self._source.on_key_wanted = None
        self._source.close(reason)
        self._on_end(self, reason)

    # What the connection tells.

    def _opened(self) -> None:
        self._open = True

    def _alive(self) -> None:
        self._heard_at = self._loop.time()

    def _gone(self) -> None:
        self.end("the connection ended")

    def _take_rtp(self, data: bytes) -> None:
        packet, now = rtp.read(data), self._loop.time()
        kind = self._types.get(packet.payload_type) if packet else None
        if packet is None or kind is None or self._ended:
            self.refused += 1
            return
        self._heard_at = now
        try:
            if kind == "video":
                self._picture.receive(packet, now)
            elif kind == "audio":
                self._sound.receive(packet, now)
            else:
                self._picture.receive_again(packet, now)
        except UnsupportedMedia as error:
            self._refuse(error)
            return
        if self._picture.waiting or self._sound.waiting:
            self._look_by(now + LOOK_CLOSER)

    def _take_rtcp(self, data: bytes) -> None:
        said, now = rtcp.read(data), self._loop.time()
        self._heard_at = now
        for track in (self._picture, self._sound):
            if track.source is None:
                continue
            if clock := said.clocks.get(track.source):
                track.note_clock(*clock, now)
            if track.source in said.gone:
                track.end_source()

    # Time passes.

    def _look_by(self, at: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        """Again and again: what is missing, what is due, and is anybody there?"""
        self._timer = None
        now = self._loop.time()
        if now - self._heard_at > self._patience.silence:
            self.end("vanished")
        elif not self._open and now - self._asked_at > self._patience.connect:
            self.end("never connected")
        if self._ended:
            return
        try:
            self._sound.advance(now)
            self._picture.advance(now)
        except UnsupportedMedia as error:
            self._refuse(error)
            return
        self._ask(now)
        if self._open and now - self._reported_at >= REPORT_INTERVAL:
            self._report(now)
        missing = self._picture.waiting or self._sound.waiting
        self._look_by(now + (LOOK_CLOSER if missing else LOOK))

    def _ask(self, now: float) -> None:
        media = self._picture.source
        if media is None:
            return
        if ("nack", None) in self._feedback and (lost := self._picture.missing(now)):
            self._say(rtcp.missing(self._voice, media, lost))
        if self._picture.wants_key(now):
            self._keys_asked += 1
            if ("nack", "pli") in self._feedback:
                self._say(rtcp.picture_lost(self._voice, media))
            elif ("ccm", "fir") in self._feedback:
                self._say(rtcp.full_picture(self._voice, media, self._keys_asked))

    def _want_key(self) -> None:
        """A viewer has lost the picture: ask at once, unless that was just done."""
        self._picture.want_key()
        self._look_by(self._loop.time())

    def _say(self, feedback: bytes) -> None:
        """Send feedback, behind a report as it must be (RFC 4585, 3.1)."""
        self.send_report(rtcp.receiver_report(self._voice, STREAM_NAME) + feedback)

    def _report(self, now: float) -> None:
        self._reported_at = now
        tracks = (self._picture, self._sound)
        receptions = [each for track in tracks if (each := track.reception(now))]
        report = rtcp.receiver_report(self._voice, STREAM_NAME, receptions)
        if ("goog-remb", None) in self._feedback and self._picture.source is not None:
            report += rtcp.room(self._voice, [self._picture.source], ROOM)
        self.send_report(report)
        lost = self._picture.lost + self._sound.lost
        self._source.transport(lost, self.round_trip or self._picture.round_trip)

    def _refuse(self, error: UnsupportedMedia) -> None:
        self._source.advise([str(error)])
        self.end(str(error))

    def _agree(self, codecs: Mapping[str, list[RTCRtpCodecParameters]]) -> None:
        for kind, agreed in codecs.items():
            for codec in agreed:
                assert codec.payloadType is not None
                self._types[codec.payloadType] = "again" if is_rtx(codec) else kind
        for item in codecs["video"][0].rtcpFeedback if "video" in codecs else ():
            self._feedback.add((item.type, item.parameter))
