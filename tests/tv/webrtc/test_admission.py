"""Who is let in by WebRTC, as time is told."""

from collections.abc import Mapping

import pytest

from tv.settings import load
from tv.webrtc.admission import (
    EVERY,
    EVERY_OF_ONE,
    PEAK,
    Admission,
    Busy,
    TooManyOffers,
    TooManyViewers,
    admission,
)

VENUE, ELSEWHERE = "192.0.2.1", "198.51.100.9"


class Door:
    """An admission whose clock is ours."""

    def __init__(self, total: int = 200, channels: Mapping[str, int] | None = None) -> None:
        self.time = 0.0
        self.admission = Admission(total, channels or {}, lambda: self.time)

    def asks(self, count: int, who: str = VENUE) -> None:
        for _ in range(count):
            self.admission.ask("plateau", who, {})


def test_places_are_counted_in_all_and_for_each_channel() -> None:
    door = Door(5, {"labo-1": 2}).admission
    door.ask("plateau", VENUE, {"plateau": 4})
    with pytest.raises(TooManyViewers) as full:
        door.ask("labo-1", VENUE, {"labo-1": 2})
    assert (full.value.status, full.value.retry_after) == (503, 30.0)
    door.ask("labo-1", VENUE, {"labo-1": 1, "plateau": 3})
    with pytest.raises(TooManyViewers):
        door.ask("labo-1", VENUE, {"labo-1": 1, "plateau": 4})


def test_places_are_those_of_the_settings() -> None:
    settings = load(
        None, {"FABRIQUE_WEBRTC__VIEWERS": "9", "FABRIQUE_CHANNELS__LABO_1__VIEWERS": "2"}
    )
    door = admission(settings)
    door.ask("plateau", VENUE, {"plateau": 8})
    with pytest.raises(TooManyViewers):
        door.ask("plateau", VENUE, {"plateau": 9})
    with pytest.raises(TooManyViewers):
        door.ask("labo-1", VENUE, {"labo-1": 2})


def test_no_places_at_all_is_a_setting_too() -> None:
    with pytest.raises(TooManyViewers):
        Door(0).asks(1)


def test_a_whole_audience_behind_one_address_comes_in_at_once() -> None:
    Door(200).asks(200)
    Door(800).asks(800)


def test_an_address_that_goes_on_asking_is_told_to_wait_and_others_are_not() -> None:
    door = Door()
    door.asks(PEAK)
    with pytest.raises(TooManyOffers) as refusal:
        door.asks(1)
    assert refusal.value.status == 429
    assert refusal.value.retry_after == pytest.approx(EVERY_OF_ONE)
    door.asks(1, ELSEWHERE)
    door.time += EVERY_OF_ONE
    door.asks(1)


def test_a_flood_from_one_address_leaves_room_for_others() -> None:
    door = Door()
    door.asks(PEAK)
    let_in = 0
    for _ in range(1000):  # ten seconds, of a hundred offers each
        door.time += 0.01
        try:
            door.asks(1)
            let_in += 1
        except TooManyOffers:
            pass
        if round(door.time * 100) % 100 == 0:
            door.asks(10, f"198.51.100.{round(door.time)}")
    assert let_in == pytest.approx(10 / EVERY_OF_ONE, abs=1)


def test_a_flood_from_everywhere_is_bounded_in_all() -> None:
    door = Door()
    for number in range(2 * PEAK):
        door.asks(1, f"address {number}")
    with pytest.raises(Busy) as refusal:
        door.asks(1, "one more")
    assert refusal.value.status == 503
    assert refusal.value.retry_after == pytest.approx(EVERY)
