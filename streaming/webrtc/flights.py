"""What we said last in a DTLS handshake, said again as soon as it proves to be lost. Pure.

Who gets nothing for an answer sends its own messages again, and that is to be answered by sending
again too (RFC 6347, 4.2.4: "Peer retransmit"). OpenSSL does so for the very last messages only, and
else waits for its own timer: a second, then two, then four, while browsers ask after 50 ms.
"""

HANDSHAKE = 22  # of records (RFC 6347, 4.1)
LONGEST = 8  # datagrams of one flight
MOST = 16  # flights sent again in a handshake: strangers get no more out of us


class Flights:
    """Follows a handshake's datagrams, `sent` and `came`."""

    def __init__(self) -> None:
        self._last: list[bytes] = []
        self._ended = False  # something came since: what is sent next is another flight
        self._seen: set[int] = set()  # the other side's messages, by number
        self._left = MOST

    def sent(self, data: bytes) -> None:
        """Note a datagram of ours."""
        if self._ended:
            self._last, self._ended = [], False
        if len(self._last) < LONGEST:
            self._last.append(data)

    def came(self, data: bytes) -> list[bytes]:
        """Note one of theirs; return what to send again, now, before it is looked at."""
        self._ended = True
        number = _number(data)
        if number is None:
            return []
        if number not in self._seen:
            if len(self._seen) < 64:
                self._seen.add(number)
            return []
        if not self._left:
            return []
        self._left -= 1
        return list(self._last)


def _number(data: bytes) -> int | None:
    """The `message_seq` of the first message in clear, if it is one (RFC 6347, 4.2.2)."""
    if len(data) < 25 or data[0] != HANDSHAKE or data[3:5] != b"\0\0":
        return None
    return int.from_bytes(data[17:19], "big")
