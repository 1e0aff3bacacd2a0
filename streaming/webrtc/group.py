"""Viewers who get the very same packets: what goes to all of them goes at once."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from streaming.webrtc import rtp
from streaming.webrtc.datagrams import Block, Outlet, Recipients
from streaming.webrtc.private import lib
from streaming.webrtc.rtp import Rtp
from streaming.webrtc.sealing import ROWS, RUN, Encrypt, Sealer
from streaming.webrtc.send import Output

WHOLE = rtp.HEADER + rtp.PAYLOAD_LIMIT  # bytes of most packets of a picture, without the tag
INDEX = 4  # bytes that SRTCP adds beside the tag (RFC 3711, 3.4)
COUNTS = slice(20, 28)  # where a sender report says how much was sent (RFC 3550, 6.4.1)


class Layout(NamedTuple):
    """A run of clear packets as it lies in memory, each with room for its tag.

    - `sizes`: of the packets, without tags: all are the same, but the last may be less
    - `stride`: from one to the next
    """

    data: bytes
    sizes: list[int]
    stride: int


def runs(packets: Sequence[Rtp]) -> list[Sequence[Rtp]]:
    """Part packets into runs of one size, the last of which may be shorter.

    What is longer than pictures' packets are (sound can be) is alone.
    """
    sizes = [packet.size for packet in packets]
    if 0 < len(sizes) <= RUN and sizes[0] <= WHOLE and rtp.is_run(sizes):
        return [packets]
    parted: list[Sequence[Rtp]] = []
    first, whole = 0, 0  # where the run begins, and how long all in it are; 0: it is complete
    for place, size in enumerate(sizes):
        if size > whole or place - first == RUN or whole > WHOLE:
            if place:
                parted.append(packets[first:place])
            first, whole = place, size
        elif size < whole:
            whole = 0
    if sizes:
        parted.append(packets[first:])
    return parted


def lay_out(run: Sequence[Rtp], payload_type: int, source: int, tag: int) -> Layout:
    clear = [rtp.packet(packet, payload_type, source) for packet in run]
    sizes = [len(packet) for packet in clear]
    room = bytes(tag)
    stride = sizes[0] if len(run) > 1 else max(sizes[0], WHOLE)
    return Layout(room.join(clear) + room, sizes, stride + tag)


class Group:
    """Outputs that differ in nothing but their key and their address."""

    def __init__(self, outlet: Outlet, sealer: Sealer, tag: int) -> None:
        self.outputs: list[Output] = []
        self._outlet = outlet
        self._sealer = sealer
        self._tag = tag
        self._to: Recipients | None = None
        self._contexts: dict[tuple[int, int, int], list[Any]] = {}

    def join(self, output: Output) -> None:
        self.outputs.append(output)
        self._changed()

    def leave(self, output: Output) -> None:
        self.outputs.remove(output)
        self._changed()

    def send(self, layout: Layout) -> list[Output]:
        """Send a run to all; return those for whom it cannot be encrypted."""
        data, sizes, stride = layout
        failed: list[Output] = []
        for first in range(0, len(self.outputs), ROWS):
            number = min(ROWS, len(self.outputs) - first)
            self._sealer.copy(data, number)
            block = self._sealer.block(number, len(data), stride)
            failed += self._pass_on(lib.srtp_protect, first, block, sizes)
        return failed

    def report(self, report: bytes, packets: int, octets: int) -> list[Output]:
        """Send a sender report to all, who have had so much since they came to this group."""
        head, tail = report[: COUNTS.start], report[COUNTS.stop :]
        size = len(report) + INDEX + self._tag
        failed: list[Output] = []
        for first in range(0, len(self.outputs), ROWS):
            outputs = self.outputs[first : first + ROWS]
            counts = (
                struct.pack("!II", o.packets + packets & 0xFFFFFFFF, o.octets + octets & 0xFFFFFFFF)
                for o in outputs
            )
            self._sealer.fill(b"".join((head, count, tail)) for count in counts)
            block = self._sealer.block(len(outputs), size, size)
            failed += self._pass_on(lib.srtp_protect_rtcp, first, block, [len(report)])
        return failed

    def _pass_on(
        self, encrypt: Encrypt, first: int, block: Block, sizes: list[int]
    ) -> list[Output]:
        """Encrypt packets of these sizes in each row, and send it to the outputs from `first` on.

        Whoever cannot have it encrypted does not have it.
        """
        contexts = self._contexts_of(first, block.number, len(sizes))
        failed = self._sealer.seal(encrypt, contexts, sizes, block.segment)
        if self._to is None:
            self._to = Recipients([output.path.address for output in self.outputs])
        if not failed:
            self._outlet.send(self._to, first, block)
            return []
        start = 0
        for place in (*failed, block.number):
            if place > start:
                self._outlet.send(self._to, first + start, block.part(start, place))
            start = place + 1
        return [self.outputs[first + place] for place in failed]

    def _contexts_of(self, first: int, number: int, count: int) -> list[Any]:
        """The `srtp_t` of so many outputs, each as often as there are packets."""
        key = first, number, count
        contexts = self._contexts.get(key)
        if contexts is None:
            outputs = self.outputs[first : first + number]
            contexts = [output.srtp.context for output in outputs for _ in range(count)]
            self._contexts[key] = contexts
        return contexts

    def _changed(self) -> None:
        self._to = None
        self._contexts.clear()
