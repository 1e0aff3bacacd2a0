"""Someone who watches: a connection, and what goes out over it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from streaming.webrtc.fanout import Fanout
from streaming.webrtc.mux import Mux
from streaming.webrtc.peer import Peer
from streaming.webrtc.rtcp import Reception
from streaming.webrtc.send import Output

CONNECT_TIMEOUT = 10.0  # seconds from the answer until media flows

# Seconds after the first sender report: browsers want two before they bring sound and picture
# together, and look once a second. The relay sends more, each second.
SECOND_REPORT = 0.4


class Viewer:
    """A viewer of the streams that `fanouts` send, by kind.

    `hurry` is called when there is something to send that does not come by itself, `want_key` when
    only a new keyframe helps, `on_gone` when the connection is over. `described` is our side in
    SDP. Until `proposed_until` it is an offer that waits for an answer; 0.0: it is none. `on_end`
    is for the relay to call when it lets the viewer go.
    """

    def __init__(
        self,
        session: str,
        mux: Mux,
        fanouts: Mapping[str, Fanout],
        *,
        hurry: Callable[[], None],
        want_key: Callable[[], None],
        on_gone: Callable[["Viewer"], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.session = session
        self.described = ""
        self.proposed_until = 0.0
        self.on_end = on_end
        self.outputs: dict[str, Output] = {}
        self.joined_at = self.heard_at = time.monotonic()
        self._fanouts = fanouts
        self._hurry = hurry
        self._want_key = want_key
        self.peer = Peer(
            mux,
            {kind: fanout.stream.source for kind, fanout in fanouts.items()},
            on_ready=self._ready,
            on_loss=self._lost,
            on_picture_lost=self._picture_lost,
            on_heard=self._heard,
            on_alive=self._alive,
            on_moved=self._moved,
            on_gone=lambda: on_gone(self),
        )

    def waited_too_long(self, patience: float) -> str:
        """Why there is no use in keeping this viewer, or nothing."""
        now = time.monotonic()
        if self.proposed_until:
            return "never answered" if now > self.proposed_until else ""
        if now - self.heard_at > patience:
            return "vanished" if self.outputs else "never came"
        if not self.outputs and now - self.joined_at > CONNECT_TIMEOUT:
            return "never connected"
        return ""

    def stop(self) -> None:
        """Have nothing more sent to it."""
        for kind, output in self.outputs.items():
            self._fanouts[kind].leave(output)
        self.outputs.clear()

    def _ready(self, kind: str, payload_type: int, resend_type: int | None, source: int) -> None:
        fanout, path, srtp = self._fanouts[kind], self.peer.path, self.peer.srtp
        assert path is not None, "the connection is open"
        assert srtp is not None, "the connection is open"
        output = Output(
            fanout.stream, payload_type, resend_type, source, srtp, path, self.peer.send
        )
        self.outputs[kind] = output
        self._report(kind)
        asyncio.get_running_loop().call_later(SECOND_REPORT, self._report, kind)
        fanout.join(output)
        if kind == "video" and fanout.stream.beginning() is None:
            self._want_key()  # there is nothing to begin with
        self._hurry()

    def _report(self, kind: str) -> None:
        """Say which time it is in the stream: sound and picture are in step from the first."""
        stream = self._fanouts[kind].stream
        if kind in self.outputs and stream.now():
            self.peer.send_report(stream.report())

    def _lost(self, kind: str, sequences: Iterable[int]) -> None:
        if (output := self.outputs.get(kind)) is not None:
            self._fanouts[kind].resend(output, sequences)
            self._hurry()

    def _picture_lost(self) -> None:
        output = self.outputs.get("video")
        if output is not None and self._fanouts["video"].repeat_key(output):
            self._hurry()
        else:
            self._want_key()

    def _heard(self, kind: str, reception: Reception) -> None:
        if (output := self.outputs.get(kind)) is None:
            return
        output.resends.count(reception, time.monotonic())
        trip = output.stream.round_trip(reception.last_report, reception.delay)
        if trip is not None:
            output.resends.learn(trip)
            self.peer.round_trip = output.resends.round_trip

    def _moved(self) -> None:
        if (path := self.peer.path) is not None:
            for kind, output in self.outputs.items():
                self._fanouts[kind].move(output, path)

    def _alive(self) -> None:
        self.heard_at = time.monotonic()
