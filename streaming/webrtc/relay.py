"""A channel's WebRTC viewers: each frame is packed once, then encrypted for each of them."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

from streaming.errors import StreamingError, UnsupportedMedia
from streaming.feed import Feed
from streaming.h264 import SEI, nal_type, nal_units, parameter_sets
from streaming.webrtc import rtp
from streaming.webrtc.datagrams import Way
from streaming.webrtc.fanout import PACE, Fanout, Outlets
from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Offer, Refusal, ours, read_offer
from streaming.webrtc.sealing import Sealer
from streaming.webrtc.send import Output, Stream
from streaming.webrtc.viewer import Viewer

logger = logging.getLogger(__name__)

Kind = Literal["video", "audio"]
T = TypeVar("T")

VIEWER_LIMIT = 200
PATIENCE = 8.0  # seconds without a word from a viewer; browsers check every 2.5 s, Firefox every 5
REPORT_INTERVAL = 1.0  # seconds


class OutOfOrder(Refusal):
    code = "b-frames"
    status = 406


class TooManyViewers(Refusal):
    code = "too-many-viewers"
    status = 503


class Relay:
    """Answers WHEP offers for a channel and sends its feed, until closed.

    Nothing is encoded here, and all that viewers can share is made once: what differs is the key.
    It takes its UDP sockets from `mux`, or opens its own on a free port and offers `addresses`
    first. Without `way`, media goes out in the cheapest way that works here. Packets are numbered
    from `first` on, or from anywhere. Sessions are called `name.…`, if it has one.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        addresses: Sequence[str] = (),
        mux: Mux | None = None,
        limit: int = VIEWER_LIMIT,
        patience: float = PATIENCE,
        way: Way | None = None,
        first: int | None = None,
        name: str = "",
    ) -> None:
        self.streams: dict[str, Stream] = {
            "video": Stream(rtp.VIDEO_RATE, first),
            "audio": Stream(rtp.SOUND_RATE, first),
        }
        self.outlets = Outlets(way)
        sealer = Sealer()
        self._fanouts = {
            kind: Fanout(stream, sealer, self.outlets, self._refuse)
            for kind, stream in self.streams.items()
        }
        self._feed = feed
        self._prefix = f"{name}." if name else ""
        self._mux = mux or Mux(addresses=addresses)
        self._owns_mux = mux is None
        self._limit = limit
        self._patience = patience
        self._viewers: dict[str, Viewer] = {}
        self._behind = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def viewers(self) -> int:
        """How many are being sent media."""
        return sum(1 for viewer in self._viewers.values() if viewer.outputs)

    @property
    def idle(self) -> bool:
        """Whether nobody is there, nor on the way."""
        return not self._viewers

    async def answer(self, sdp: str) -> tuple[str, str]:
        """Take on a viewer: return the session's name and the SDP answer. Raises Refusal."""
        viewer = await self.admit(read_offer(sdp))
        return viewer.session, viewer.described

    async def admit(self, offer: Offer, on_end: Callable[[], None] = lambda: None) -> Viewer:
        """Take on a viewer by its offer. `on_end` is called when it is let go. Raises Refusal."""
        viewer = self._take_on("video" in offer.codecs, on_end)
        viewer.described = await self._connect(viewer, viewer.peer.answer(offer))
        return viewer

    async def propose(self, seconds: float, on_end: Callable[[], None] = lambda: None) -> Viewer:
        """Take on a viewer by an offer of ours, to be answered in time. Raises Refusal."""
        viewer = self._take_on(True, on_end)
        viewer.proposed_until = time.monotonic() + seconds
        viewer.described = await self._connect(viewer, viewer.peer.propose(ours()))
        return viewer

    async def accept(self, viewer: Viewer, answer: Offer) -> None:
        """Take a viewer's answer to the offer of ours. Raises Refusal, and lets it go."""
        viewer.proposed_until = 0.0
        viewer.joined_at = viewer.heard_at = time.monotonic()
        await self._connect(viewer, viewer.peer.accept(answer))

    def _take_on(self, picture: bool, on_end: Callable[[], None]) -> Viewer:
        if picture and self._feed.out_of_order:
            raise OutOfOrder(
                "L’image du plateau a des images B, que WebRTC ne sait pas montrer. "
                "Regardez par HLS\u00a0: la page le fait d’elle-même."
            )
        if len(self._viewers) >= self._limit:
            raise TooManyViewers(
                "Trop de spectateurs en direct immédiat. "
                "Regardez par HLS\u00a0: la page le fait d’elle-même."
            )
        self._start()
        viewer = Viewer(
            self._prefix + secrets.token_urlsafe(24),
            self._mux,
            self._fanouts,
            hurry=self._behind.set,
            want_key=lambda: self._feed.want_key(),
            on_gone=self._gone,
            on_end=on_end,
        )
        self._viewers[viewer.session] = viewer
        return viewer

    async def _connect(self, viewer: Viewer, work: Awaitable[T]) -> T:
        try:
            return await work
        except (StreamingError, asyncio.CancelledError):
            self.drop(viewer, "could not be answered")
            raise
        except Exception as error:
            # What was let through and the libraries cannot use, they tell by any error.
            self.drop(viewer, "could not be answered")
            logger.info("webrtc: an offer is refused", exc_info=True)
            raise Refusal(
                "Ce lecteur demande une connexion que nous ne savons pas faire."
            ) from error

    async def hangup(self, session: str) -> bool:
        """End a session; False when there is none of that name."""
        viewer = self._viewers.get(session)
        if viewer is None:
            return False
        await self.drop(viewer, "hung up")
        return True

    async def close(self) -> None:
        """Part from all viewers."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for viewer in tuple(self._viewers.values()):
            self.drop(viewer, "the channel closes")
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._owns_mux:
            await self._mux.close()

    def drop(self, viewer: Viewer, why: str) -> asyncio.Future[None]:
        """Stop sending to a viewer at once; the connection is closed in the background."""
        if self._viewers.pop(viewer.session, None) is not None:
            logger.info("webrtc: a viewer %s, %d left", why, len(self._viewers))
            viewer.on_end()
        viewer.stop()
        task = asyncio.ensure_future(viewer.peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _gone(self, viewer: Viewer) -> None:
        self.drop(viewer, "left")

    def _start(self) -> None:
        if not self._tasks:
            work = (self._show(), self._sound(), self._pace(), self._keep_house())
            self._tasks = [asyncio.create_task(coroutine) for coroutine in work]
            for task in self._tasks:
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Should our own work fail, viewers are let go: who asks again starts it anew."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        logger.error("webrtc: the relay failed", exc_info=error)
        tasks, self._tasks = self._tasks, []
        for each in tasks:
            each.cancel()
        for viewer in tuple(self._viewers.values()):
            self.drop(viewer, "is let go")

    async def _show(self) -> None:
        async for packet in self._feed.webrtc.follow():
            try:
                units: list[bytes | memoryview] = [*nal_units(packet.data)]
                if packet.key:
                    sps, pps = parameter_sets(packet.config)
                    units = [*sps, *pps, *units]
                else:
                    # A small unit before each picture would cost a packet and a message more, and
                    # what it says is nothing that a picture is decoded by (H.264, 7.4.1.2.3).
                    units = [unit for unit in units if nal_type(unit) != SEI]
            except UnsupportedMedia as error:
                logger.warning("webrtc: a picture is left out: %s", error)
                continue
            self._send("video", rtp.h264_payloads(units), packet.pts, packet.key)

    async def _sound(self) -> None:
        async for packet in self._feed.opus.follow():
            self._send("audio", [packet.data], packet.pts, key=True)

    def _send(self, kind: Kind, payloads: list[bytes], time: float, key: bool) -> None:
        fanout = self._fanouts[kind]
        fanout.add(payloads, time, key)
        if fanout.behind:
            self._behind.set()

    async def _pace(self) -> None:
        """Send what does not go out at once: big pictures, what joiners and losers have missed."""
        while True:
            await self._behind.wait()
            await asyncio.sleep(PACE)
            self._behind.clear()
            for fanout in self._fanouts.values():
                fanout.step()
                if fanout.behind:
                    self._behind.set()

    async def _keep_house(self) -> None:
        """Report to viewers, and part from those who are gone."""
        while True:
            await asyncio.sleep(min(REPORT_INTERVAL, self._patience / 4))
            for viewer in tuple(self._viewers.values()):
                why = viewer.waited_too_long(self._patience)
                if not why and self._feed.out_of_order and "video" in viewer.outputs:
                    why = "cannot be shown B-frames"
                if why:
                    self.drop(viewer, why)
            for fanout in self._fanouts.values():
                fanout.report()

    def _refuse(self, output: Output) -> None:
        """Part from whom nothing can be encrypted for any more."""
        for viewer in tuple(self._viewers.values()):
            if output in viewer.outputs.values():
                self.drop(viewer, "could not be sent to")
