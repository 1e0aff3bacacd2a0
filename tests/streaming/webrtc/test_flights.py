"""What is lost of a DTLS handshake is sent again when the other side asks again."""

from streaming.webrtc.flights import MOST, Flights

OURS = [b"server hello", b"certificate"]


def message(number: int, kind: int = 22, epoch: int = 0) -> bytes:
    """A record with one message of a handshake."""
    record = bytes((kind, 0xFE, 0xFD)) + epoch.to_bytes(2, "big") + bytes(6) + b"\0\x0c"
    return record + b"\x01\0\0\0" + number.to_bytes(2, "big") + bytes(12)


def begun() -> Flights:
    flights = Flights()
    assert flights.came(message(0)) == []
    for datagram in OURS:
        flights.sent(datagram)
    return flights


def test_a_message_that_comes_again_is_answered_again() -> None:
    flights = begun()
    assert flights.came(message(0)) == OURS
    assert flights.came(message(0)) == OURS


def test_the_answer_to_what_is_new_is_made_by_the_handshake() -> None:
    flights = begun()
    assert flights.came(message(1)) == []
    flights.sent(b"finished")
    assert flights.came(message(1)) == [b"finished"]


def test_what_is_encrypted_or_no_handshake_is_no_question() -> None:
    flights = begun()
    for data in (message(0, kind=20), message(0, epoch=1), b"", b"\x16", message(0)[:24]):
        assert flights.came(data) == []


def test_a_stranger_who_asks_for_ever_is_answered_a_few_times() -> None:
    flights = begun()
    answered = [bool(flights.came(message(0))) for _ in range(10 * MOST)]
    assert answered.count(True) == MOST
    for number in range(1, 0x10000, 7):
        flights.came(message(number))
    assert len(flights._seen) <= 64
