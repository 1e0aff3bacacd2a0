"""Trust of acts, by the age of the token and by the code of a place."""

from engagement.origin import SETTLED_AFTER_S, Origin, Trust, trust


def test_device_is_new_until_its_token_has_an_age() -> None:
    origin = Origin(joined=1_000.0, network="abc")
    assert trust(origin, 1_000.0 + SETTLED_AFTER_S - 1.0) is Trust.NEW
    assert trust(origin, 1_000.0 + SETTLED_AFTER_S) is Trust.SETTLED


def test_device_that_has_shown_a_code_is_present_at_once() -> None:
    assert trust(Origin(joined=1_000.0, place="labo-1.3"), 1_000.0) is Trust.PRESENT


def test_crew_has_no_origin_and_all_of_a_limit() -> None:
    assert trust(None, 0.0) is Trust.PRESENT
