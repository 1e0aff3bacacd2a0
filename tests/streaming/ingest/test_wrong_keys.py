"""Wrong keys wait; a right one never does."""

from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest.wrong_keys import ADDRESSES, FORGOTTEN, LONGEST_WAIT, PATIENCE, WrongKeys

GUEST = "192.0.2.7"


class Day:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


def test_ten_wrong_keys_are_told_no_at_once_and_the_next_wait_longer_and_longer() -> None:
    keys = WrongKeys(Day().now)
    assert [keys.note(GUEST) for _ in range(PATIENCE)] == [0.0] * PATIENCE
    assert [keys.note(GUEST) for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert [keys.note(GUEST) for _ in range(1000)] == [LONGEST_WAIT] * 1000


def test_another_address_does_not_wait() -> None:
    keys = WrongKeys(Day().now)
    for _ in range(20):
        keys.note(GUEST)
    assert keys.note("192.0.2.8") == 0.0


def test_an_address_is_forgotten_after_a_while_without_a_wrong_key() -> None:
    day = Day()
    keys = WrongKeys(day.now)
    for _ in range(20):
        keys.note(GUEST)
    day.time += FORGOTTEN - 1
    assert keys.note(GUEST) > 0
    day.time += FORGOTTEN + 1
    assert keys.note(GUEST) == 0.0


def test_who_has_a_whole_network_of_ipv6_is_one_address() -> None:
    keys = WrongKeys(Day().now)
    for index in range(PATIENCE):
        assert keys.note(f"2001:db8:1:2::{index:x}") == 0.0
    assert keys.note("2001:db8:1:2:ffff::1%eth0") == 1.0
    assert keys.note("2001:db8:1:3::1") == 0.0


def test_ipv4_is_the_same_through_ipv6() -> None:
    keys = WrongKeys(Day().now)
    for _ in range(PATIENCE):
        keys.note(GUEST)
    assert keys.note(f"::ffff:{GUEST}") == 1.0


def test_many_addresses_take_no_more_than_their_table() -> None:
    keys = WrongKeys(Day().now)
    for _ in range(20):
        keys.note(GUEST)
    for index in range(ADDRESSES - 1):
        keys.note(f"10.0.{index >> 8}.{index & 255}")
    assert keys.note(GUEST) > 0.0  # still known, and now the one that erred last
    for index in range(ADDRESSES + 10):
        keys.note(f"10.1.{index >> 8}.{index & 255}")
    assert len(keys._seen) == ADDRESSES
    assert keys.note(GUEST) == 0.0


@given(st.text(max_size=200))
def test_any_text_is_an_address(address: str) -> None:
    assert WrongKeys(Day().now).note(address) == 0.0
