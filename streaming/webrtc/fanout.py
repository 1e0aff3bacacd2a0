"""How one stream gets to all its viewers, those who have just come among them.

Who is at the same place in the stream travels together, in a `Convoy`: nearly all in the live one,
joiners in others, which begin at the newest key, go faster, and end in the live one. A convoy sends
what is next for all in it at once, group by group. Why so: decisions/0015.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import pylibsrtp

from streaming.webrtc.datagrams import Outlet, Way
from streaming.webrtc.group import Group, Layout, lay_out, runs
from streaming.webrtc.private import Path
from streaming.webrtc.sealing import Sealer
from streaming.webrtc.send import LONGEST_STEP, Output, Stream
from streaming.webrtc.udp import Endpoint

# A picture of more packets leaves in pieces, a few milliseconds apart, so that a keyframe does not
# fill up the queues between us and a viewer; and so do joiners get what they missed.
PACE = 0.003  # seconds
PIECE = 24  # packets: 77 Mbps
PIECES = 4  # of one picture, however big it is: all of it has left in some 10 ms
LEAST_PIECE = 4  # for many joiners at once: more than a stream of 10 Mbps grows by
JOINERS = 512  # packets for all joiners at each turn, and LEAST_PIECE each: about 1 ms of ours
REPEATS = 4  # times that a viewer gets one key again
CONVOYS = 8  # of joiners: who comes while there are so many waits for the next

Refuse: TypeAlias = Callable[[Output], None]
_Kind: TypeAlias = tuple[Outlet, int, int]  # the way out, the payload type, the length of the tag


class Outlets:
    """The ways out of a relay, by socket. Without `way` it is the cheapest that works here."""

    def __init__(self, way: Way | None = None) -> None:
        self._way = way
        self._outlets: dict[Endpoint, Outlet] = {}

    def of(self, endpoint: Endpoint) -> Outlet:
        outlet = self._outlets.get(endpoint)
        if outlet is None:
            for closed in [each for each in self._outlets if each.socket.fileno() < 0]:
                del self._outlets[closed]
            outlet = Outlet(endpoint.socket, endpoint.when_writable, self._way)
            self._outlets[endpoint] = outlet
        return outlet

    @property
    def dropped(self) -> int:
        """Messages for which there was no room."""
        return sum(outlet.dropped for outlet in self._outlets.values())


class Convoy:
    """Outputs that have come equally far in a stream."""

    def __init__(self, stream: Stream, position: int, sealer: Sealer, outlets: Outlets) -> None:
        self.position = position
        self._stream = stream
        self._sealer = sealer
        self._outlets = outlets
        self._groups: dict[_Kind, Group] = {}
        self._kinds: dict[Output, _Kind] = {}
        self._packets = 0  # sent since it was made
        self._octets = 0

    def __len__(self) -> int:
        return len(self._kinds)

    def __contains__(self, output: Output) -> bool:
        return output in self._kinds

    def __iter__(self) -> Iterator[Output]:
        return iter(tuple(self._kinds))

    def join(self, output: Output) -> None:
        outlet = self._outlets.of(output.path.endpoint)
        kind = outlet, output.payload_type, output.srtp.tag
        if kind not in self._groups:
            self._groups[kind] = Group(outlet, self._sealer, output.srtp.tag)
        self._groups[kind].join(output)
        self._kinds[output] = kind
        output.packets -= self._packets
        output.octets -= self._octets

    def leave(self, output: Output) -> None:
        kind = self._kinds.pop(output)
        self._groups[kind].leave(output)
        if not self._groups[kind].outputs:
            del self._groups[kind]
        output.packets += self._packets
        output.octets += self._octets

    def advance(self, end: int) -> list[Output]:
        """Send everything up to that position; return those to whom it cannot be sent."""
        packets = self._stream.between(self.position, end)
        failed: list[Output] = []
        for run in runs(packets):
            layouts: dict[tuple[int, int], Layout] = {}
            for (_, payload_type, tag), group in self._groups.items():
                layout = layouts.get((payload_type, tag))
                if layout is None:
                    layout = lay_out(run, payload_type, self._stream.source, tag)
                    layouts[payload_type, tag] = layout
                failed += group.send(layout)
        self.position = end
        self._packets += len(packets)
        self._octets += sum([len(packet.payload) for packet in packets])
        return failed

    def report(self) -> list[Output]:
        """Tell all in it which time it is in the stream."""
        report = self._stream.report()
        for output in self._kinds:
            packets = output.packets + self._packets
            output.resends.earn(packets - output.reported)
            output.reported = packets
        groups = self._groups.values()
        return [o for group in groups for o in group.report(report, self._packets, self._octets)]


class Fanout:
    """A stream's viewers. `refuse` is told of those to whom nothing can be sent any more.

    What is new goes out at `add`; `step`, called every PACE seconds while `behind`, does the rest.
    """

    def __init__(self, stream: Stream, sealer: Sealer, outlets: Outlets, refuse: Refuse) -> None:
        self.stream = stream
        self._sealer = sealer
        self._outlets = outlets
        self._refuse = refuse
        self._live = self._convoy(stream.end)
        self._joining: list[Convoy] = []  # the foremost first
        self._waiting: dict[Output, None] = {}  # for a place where they may begin
        self._resending: dict[Output, None] = {}  # more than could leave at once
        self._piece = PIECE

    @property
    def behind(self) -> bool:
        """Whether something can be sent that has not been sent."""
        if self._joining or self._resending or self._live.position < self.stream.end:
            return True
        return bool(self._waiting) and self.stream.beginning() is not None

    def join(self, output: Output) -> None:
        """Take on an output: it begins at the newest key, if there is one, or with the next."""
        self._waiting[output] = None

    def leave(self, output: Output) -> None:
        """Send no more to it; nothing happens when it has left."""
        self._waiting.pop(output, None)
        self._resending.pop(output, None)
        for convoy in (self._live, *self._joining):
            if output in convoy:
                convoy.leave(output)

    def move(self, output: Output, path: Path) -> None:
        """Send to another address from now on."""
        output.path = path
        for convoy in (self._live, *self._joining):
            if output in convoy:
                convoy.leave(output)
                convoy.join(output)

    def add(self, payloads: Sequence[bytes], when: float, key: bool) -> None:
        """Number a frame's payloads, and send as much of them as may go at once."""
        live, was_behind = self._live, self._live.position < self.stream.end
        self.stream.add(payloads, when, key)
        if not len(live):
            live.position = self.stream.end
            return
        piece = max(PIECE, -(-(self.stream.end - live.position) // PIECES))
        if was_behind:
            self._piece = max(self._piece, piece)
        else:
            self._piece = piece
            self._advance(live, piece)

    def resend(self, output: Output, sequences: Iterable[int]) -> None:
        """Send to one viewer again what it has lost, so much of it as may go at once."""
        output.resends.ask(sequences, time.monotonic())
        self._resend(output)

    def repeat_key(self, output: Output) -> bool:
        """Send the newest key again to a viewer who has lost the picture; False: it had that once.

        It comes as a retransmission, with numbers of this viewer's own: the stream's are shared,
        and SRTP takes none twice (RFC 3711, 3.3.2). Receivers drop what they have of it, and what
        they waited with goes on from there. So a joiner whose very first packets were lost, which
        nobody can miss, need not wait for the next key. The pictures since are not sent again: who
        did not get them asks for them by number, and who gave them up has more to catch up with
        than until the next key.
        """
        stream = self.stream
        convoy = next((c for c in (self._live, *self._joining) if output in c), None)
        begin = stream.beginning()
        if convoy is None or begin is None:
            return False
        if convoy.position <= begin:
            return True  # on its way already
        if output.key_again != begin:
            output.key_again, output.repeats = begin, 0
        if output.repeats < REPEATS:
            output.repeats += 1
            numbers = range(begin, min(stream.entry_end, convoy.position))
            self.resend(output, [number & 0xFFFF for number in numbers])
        return output.repeats == 1

    def step(self) -> None:
        """Send the next piece of what waits to be sent."""
        for output in tuple(self._resending):
            self._resend(output)
        if self._live.position < self.stream.end:
            self._advance(self._live, self._piece)
        self._begin()
        left = JOINERS
        for convoy in self._joining:
            share = max(LEAST_PIECE, min(PIECE, left // max(1, len(convoy))))
            left -= share * len(convoy)
            self._follow(convoy, share)
            if left <= 0:
                break
        self._joining = [convoy for convoy in self._joining if len(convoy)]

    def report(self) -> None:
        """Send a sender report to each viewer."""
        for convoy in (self._live, *self._joining):
            self._part_from(convoy, convoy.report())

    def _resend(self, output: Output) -> None:
        try:
            output.resend()
        except pylibsrtp.Error:
            self.leave(output)
            self._refuse(output)
            return
        if output.resends.waiting:
            self._resending[output] = None
        else:
            self._resending.pop(output, None)

    def _begin(self) -> None:
        """Send those on their way who wait, all together."""
        beginning = self.stream.beginning() if self._waiting else None
        if beginning is None or len(self._joining) >= CONVOYS:
            return
        convoy = self._convoy(beginning)
        waiting, self._waiting = tuple(self._waiting), {}
        for output in waiting:
            if output.stopped_at is not None and beginning - output.stopped_at > LONGEST_STEP:
                self._refuse(output)
            else:
                convoy.join(output)
        self._joining.append(convoy)

    def _follow(self, convoy: Convoy, most: int) -> None:
        """Bring a convoy on, and into the live one once it is there."""
        if convoy.position < self.stream.start:
            # Too slow, the packets are gone: all in it go on at the newest key.
            for output in convoy:
                convoy.leave(output)
                output.stopped_at = convoy.position
                self._waiting[output] = None
            return
        live = self._live
        if convoy.position < live.position:
            self._advance(convoy, min(most, live.position - convoy.position))
        if convoy.position == live.position:
            for output in convoy:
                convoy.leave(output)
                live.join(output)

    def _advance(self, convoy: Convoy, most: int) -> None:
        end = min(convoy.position + most, self.stream.end)
        self._part_from(convoy, convoy.advance(end))

    def _part_from(self, convoy: Convoy, failed: Iterable[Output]) -> None:
        for output in dict.fromkeys(failed):
            if output in convoy:
                convoy.leave(output)
                self._refuse(output)

    def _convoy(self, position: int) -> Convoy:
        return Convoy(self.stream, position, self._sealer, self._outlets)
