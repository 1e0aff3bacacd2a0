"""One viewer's connection: our streams out, and what it says of them back."""

import time
from collections.abc import Callable, Iterable, Mapping

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from streaming.webrtc import rtcp
from streaming.webrtc.connection import STREAM_NAME, Connection
from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Offer
from streaming.webrtc.party import Allowance
from streaming.webrtc.rtcp import Reception

TELL_INTERVAL = 0.2  # seconds

# What a viewer may ask for in a second: a report counts QUESTION, and each number in it one. Who
# wants everything again costs us a millisecond a second, and who has a bad network half of this.
QUESTIONS = 4000
QUESTION = 10

# Ready(kind, payload type, payload type of retransmissions if any, their source)
Ready = Callable[[str, int, int | None, int], None]


class Peer(Connection):
    """A connection that receives one picture and one sound.

    `sources` are our streams by kind. `on_ready` is called for each when media may flow, `on_loss`
    with the numbers of packets that the viewer misses, `on_picture_lost` when it wants a keyframe,
    `on_heard` with how a stream comes in when something is wrong with it, `on_alive` whenever the
    viewer proves to be there, `on_moved` when `path` is another, and `on_gone` once, when the
    connection is over.
    """

    direction = "sendonly"
    receives = False
    allowance = 500  # reports and checks are ten in a second, when much is lost a hundred

    def __init__(
        self,
        mux: Mux,
        sources: Mapping[str, int],
        *,
        on_ready: Ready,
        on_loss: Callable[[str, Iterable[int]], None],
        on_alive: Callable[[], None],
        on_moved: Callable[[], None],
        on_gone: Callable[[], None],
        on_picture_lost: Callable[[], None] = lambda: None,
        on_heard: Callable[[str, Reception], None] = lambda kind, reception: None,
    ) -> None:
        super().__init__(mux, sources)
        self._kinds = {source: kind for kind, source in sources.items()}
        self._on_ready = on_ready
        self._on_loss = on_loss
        self._on_picture_lost = on_picture_lost
        self._on_heard = on_heard
        self._on_alive = on_alive
        self._on_moved = on_moved
        self._on_gone = on_gone
        self._codecs: Mapping[str, list[RTCRtpCodecParameters]] = {}
        self.pictures_lost = 0
        self._questions = Allowance(QUESTIONS)
        self._told_at = float("-inf")

    async def answer(self, offer: Offer) -> str:
        self._codecs = offer.codecs
        return await super().answer(offer)

    async def accept(self, answer: Offer) -> None:
        self._codecs = answer.codecs
        await super().accept(answer)

    def _opened(self) -> None:
        for kind, (codec, *others) in self._codecs.items():
            assert codec.payloadType is not None
            resend = next((other.payloadType for other in others if is_rtx(other)), None)
            self._on_ready(kind, codec.payloadType, resend, self._resend_sources[kind])

    def _alive(self) -> None:
        self._on_alive()

    def _moved(self) -> None:
        self._on_moved()

    def _gone(self) -> None:
        self._on_gone()

    def _take_rtp(self, data: bytes) -> None:
        """Viewers have nothing to send."""

    def _take_rtcp(self, data: bytes) -> None:
        self._on_alive()
        if not rtcp.asks(data):
            return
        if not self._questions.take(QUESTION):
            self.refused += 1
            return
        said = rtcp.read(data)
        self._questions.left -= sum(map(len, said.lost.values()))
        for source, reception in said.heard.items():
            if source in self._kinds:
                self._on_heard(self._kinds[source], reception)
        for source, sequences in said.lost.items():
            if source in self._kinds:
                self._on_loss(self._kinds[source], sequences)
        if any(source in self._kinds for source in said.pictures_lost):
            self.pictures_lost += 1
            self._on_picture_lost()
        if said.references:
            self._tell_distance(said.references)

    def _tell_distance(self, references: Mapping[int, int]) -> None:
        """Let the viewer know its round trip: Chromium then asks for what is lost that soon again.

        Without it 100 ms pass, which in a lab are fifty round trips, and the picture stands still.
        """
        now = time.monotonic()
        if now - self._told_at >= TELL_INTERVAL and len(references) <= len(self._kinds):
            self._told_at = now
            voice = next(iter(self._kinds))
            report = rtcp.receiver_report(voice, STREAM_NAME)
            self.send_report(report + rtcp.since_references(voice, references))
