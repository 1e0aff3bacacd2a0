"""One viewer's connection: our streams out, and what it says of them back."""

from collections.abc import Callable, Iterable, Mapping

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from streaming.webrtc import rtcp
from streaming.webrtc.connection import Connection
from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Offer

# Ready(kind, payload type, payload type of retransmissions if any, their source)
Ready = Callable[[str, int, int | None, int], None]


class Peer(Connection):
    """A connection that receives one picture and one sound.

    `sources` are our streams by kind. `on_ready` is called for each when media may flow, `on_loss`
    with the numbers of packets that the viewer misses, `on_alive` whenever the viewer proves to be
    there, and `on_gone` once, when the connection is over.
    """

    direction = "sendonly"
    receives = False

    def __init__(
        self,
        mux: Mux,
        sources: Mapping[str, int],
        *,
        on_ready: Ready,
        on_loss: Callable[[str, Iterable[int]], None],
        on_alive: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        super().__init__(mux, sources)
        self._kinds = {source: kind for kind, source in sources.items()}
        self._on_ready = on_ready
        self._on_loss = on_loss
        self._on_alive = on_alive
        self._on_gone = on_gone
        self._codecs: Mapping[str, list[RTCRtpCodecParameters]] = {}
        self.pictures_lost = 0

    async def answer(self, offer: Offer) -> str:
        self._codecs = offer.codecs
        return await super().answer(offer)

    def _opened(self) -> None:
        for kind, (codec, *others) in self._codecs.items():
            assert codec.payloadType is not None
            resend = next((other.payloadType for other in others if is_rtx(other)), None)
            self._on_ready(kind, codec.payloadType, resend, self._resend_sources[kind])

    def _alive(self) -> None:
        self._on_alive()

    def _gone(self) -> None:
        self._on_gone()

    def _take_rtp(self, data: bytes) -> None:
        """Viewers have nothing to send."""

    def _take_rtcp(self, data: bytes) -> None:
        self._on_alive()
        said = rtcp.read(data)
        for source, sequences in said.lost.items():
            if source in self._kinds:
                self._on_loss(self._kinds[source], sequences)
        # Numbers are shared, so nobody gets a keyframe of his own: the next one is near.
        self.pictures_lost += len(said.pictures_lost)
