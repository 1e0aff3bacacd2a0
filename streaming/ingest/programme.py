"""The tracks of an MPEG transport stream (ISO 13818-1), watched in its bytes.

PyAV reads beyond its own tables when a stream gains a track while it is read, and libav sees a new
codec on an old track only at times. So a reading ends where the tracks change, and the next begins
there: `programmes` cuts the bytes.
"""

from collections.abc import Callable, Iterator

PACKET, SYNC = 188, 0x47  # bytes; the first of each packet
PAT = 0  # the PID of the programme association table
SECTION_LIMIT = 1024  # bytes of a PAT or PMT (2.4.4.3, 2.4.4.8)
PROGRAMMES = 16  # watched at a time: more are left alone
READ = 64 * 1024  # bytes
PEEK = 200 * PACKET  # bytes: tables come ten times a second or so
NOISE = 16 * PACKET  # bytes in which most ought to be packets

Read = Callable[[int], bytes]  # as of a file: nothing is the end
Tracks = tuple[tuple[int, int, bytes], ...]  # PID, stream type, descriptors


def looks_like_ts(data: bytes) -> bool:
    """Whether `data`, the beginning of something, is a transport stream of 188-byte packets."""
    return len(data) > 2 * PACKET and data[0] == data[PACKET] == data[2 * PACKET] == SYNC


def programmes(read: Read) -> Iterator["Part"]:
    """The parts of a stream, each to be read to its end before the next is asked for."""
    stream = _Stream(read)
    while not stream.ended:
        part = Part(stream)
        yield part
        part.exhaust()


class Part:
    """A file from which a demuxer reads one programme."""

    def __init__(self, stream: "_Stream") -> None:
        self._stream = stream

    @property
    def over(self) -> bool:
        """Whether its last bytes have come."""
        return self._stream.over

    def stream_types(self) -> set[int] | None:
        """Of the tracks (ISO 13818-1, table 2-34), which the tables tell at the very beginning.

        None: this is not MPEG-TS.
        """
        return self._stream.peek()

    def read(self, size: int) -> bytes:
        return self._stream.take(size)

    def exhaust(self) -> None:
        """Skip what the demuxer has left unread."""
        while self._stream.take(READ):
            pass
        self._stream.turn()


class _Stream:
    def __init__(self, read: Read) -> None:
        self.ended = False
        self._read = read
        self._watch = Watch()
        self._ready = b""  # of this part, in whole packets
        self._later = b""  # not looked at yet
        self._turning = False  # whether this part is over

    @property
    def over(self) -> bool:
        return self._turning or self.ended

    def take(self, size: int) -> bytes:
        while not self._ready and not self.over:
            self._sort(self._later + self._more())
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def peek(self) -> set[int] | None:
        watch = self._watch
        while not self.over and not watch.stream_types and len(self._ready) < PEEK:
            if len(self._ready) >= NOISE and watch.packets < NOISE // PACKET // 2:
                return None
            before = self._ready
            self._sort(self._later + self._more())
            self._ready = before + self._ready
        return watch.stream_types

    def turn(self) -> None:
        """Go on with the next part, which begins with the tables."""
        if self._turning:
            self._turning = False
            self._sort(self._later)
            self._ready = self._watch.association + self._ready

    def _more(self) -> bytes:
        data = self._read(READ)
        self.ended = not data
        return data

    def _sort(self, data: bytes) -> None:
        seen, self._turning = self._watch.look(data)
        self._ready, self._later = data[:seen], data[seen:]


class Watch:
    """Follows the tables of a stream, packet by packet."""

    def __init__(self) -> None:
        self.association = b""  # the packet that holds the PAT
        self.packets = 0  # seen until now
        self._tracks: dict[int, Tracks] = {}  # by the PID of the PMT
        self._sections = {PAT: _Section()}  # by PID

    @property
    def stream_types(self) -> set[int]:
        """Of all tracks that are known now."""
        return {kind for tracks in self._tracks.values() for _, kind, _ in tracks}

    def look(self, data: bytes) -> tuple[int, bool]:
        """How many bytes belong to the tracks that are known, and whether others come then.

        When none do, the rest is the beginning of a packet. It is to be given again in any case.
        """
        position, end = 0, len(data) - PACKET
        while position <= end:
            if data[position] != SYNC:
                position = _resync(data, position)
                continue
            pid = (data[position + 1] & 0x1F) << 8 | data[position + 2]
            if pid in self._sections and self._changes(pid, data[position : position + PACKET]):
                return position, True
            position += PACKET
            self.packets += 1
        return min(position, len(data)), False

    def _changes(self, pid: int, packet: bytes) -> bool:
        table = self._sections[pid].add(packet)
        if table is None:
            return False
        if pid == PAT:
            self.association = packet
            return self._follow(sorted(_maps(table))[:PROGRAMMES])
        tracks, known = _tracks(table), self._tracks.get(pid)
        self._tracks[pid] = tracks
        return known is not None and known != tracks

    def _follow(self, maps: list[int]) -> bool:
        followed = [pid for pid in self._sections if pid != PAT]
        if maps == followed:
            return False
        self._tracks.clear()
        self._sections = {PAT: self._sections[PAT]} | {pid: _Section() for pid in maps}
        return bool(followed)


class _Section:
    """Puts a table together from packets; gives it when it is whole, right, and not the last."""

    def __init__(self) -> None:
        self._data: bytearray | None = None
        self._last = b""

    def add(self, packet: bytes) -> bytes | None:
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)  # after an adaptation field
        if start >= PACKET or not packet[3] & 0x10 or packet[1] & 0x80:
            return None
        if packet[1] & 0x40:  # a section begins, after `pointer` bytes of the last one
            start += 1 + packet[start]
            self._data = bytearray(packet[start:])
        elif self._data is not None:
            self._data += packet[start:]
        data = self._data
        if data is None or len(data) < 3:
            return None
        size = 3 + ((data[1] & 0x0F) << 8 | data[2])
        if size > SECTION_LIMIT or size < 12:
            self._data = None
            return None
        if len(data) < size:
            return None
        table, self._data = bytes(data[:size]), None
        if table == self._last or not table[5] & 1 or _crc(table):  # known, not yet, broken
            return None
        self._last = table
        return table


def _maps(table: bytes) -> set[int]:
    """The PIDs of the PMTs that a PAT names."""
    if table[0] != 0:
        return set()
    entries = (table[at : at + 4] for at in range(8, len(table) - 4, 4))
    return {(entry[2] & 0x1F) << 8 | entry[3] for entry in entries if entry[0] or entry[1]}


def _tracks(table: bytes) -> Tracks:
    """What a PMT says of its tracks, whatever they hold."""
    if table[0] != 2:
        return ()
    tracks, end = [], len(table) - 4
    at = 12 + ((table[10] & 0x0F) << 8 | table[11])
    while at + 5 <= end:
        size = (table[at + 3] & 0x0F) << 8 | table[at + 4]
        pid = (table[at + 1] & 0x1F) << 8 | table[at + 2]
        tracks.append((pid, table[at], table[at + 5 : min(end, at + 5 + size)]))
        at += 5 + size
    return tuple(sorted(tracks))


def _resync(data: bytes, position: int) -> int:
    """Where packets begin again; the end of `data` when they do not."""
    while (position := data.find(SYNC, position + 1)) >= 0:
        if position + PACKET >= len(data) or data[position + PACKET] == SYNC:
            return position
    return len(data)


def _crc(table: bytes) -> int:
    """CRC-32/MPEG-2 (annex A): 0 over a table that holds its own."""
    crc = 0xFFFFFFFF
    for byte in table:
        crc = crc << 8 & 0xFFFFFFFF ^ _CRC[crc >> 24 ^ byte]
    return crc


def _crc_entry(index: int) -> int:
    crc = index << 24
    for _ in range(8):
        crc = crc << 1 ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc


_CRC = [_crc_entry(index) for index in range(256)]
