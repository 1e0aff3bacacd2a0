"""The choice of what is on air: primary before backup before slate, and no flapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.continuity import HOLD
from streaming.failover import DARK, OnAir, View, choose

NOW = 1_790_000_000.0


def view(slot: str = "primary", dark: float = 0.0, steady: float = 100.0, **owed: float) -> View:
    return View(
        "primary" if slot == "primary" else "backup",
        NOW - dark,
        NOW - dark - steady,
        0.5,
        owed.get("comeback", 0.0),
        owed.get("hold", HOLD),
    )


@pytest.mark.parametrize(
    ("on_air", "views", "chosen"),
    [
        ("slate", [], "slate"),
        ("slate", [view()], "primary"),
        ("slate", [view(steady=0.5, comeback=1.0)], "slate"),
        ("slate", [view(dark=0.6)], "slate"),
        ("primary", [view(dark=1.4)], "primary"),
        ("primary", [view(dark=1.6)], "slate"),
        ("primary", [view(dark=1.4), view("backup")], "primary"),
        ("primary", [view(dark=1.6), view("backup", steady=0.2)], "backup"),
        ("backup", [view(steady=4.0), view("backup")], "backup"),
        ("backup", [view(steady=6.0), view("backup")], "primary"),
        ("backup", [view(steady=1.0), view("backup", dark=1.6)], "primary"),
        ("primary", [view("backup")], "backup"),
    ],
)
def test_choice(on_air: OnAir, views: list[View], chosen: str) -> None:
    assert choose(NOW, on_air, views) == chosen


Views = st.builds(
    view,
    st.sampled_from(["primary", "backup"]),
    dark=st.floats(0, 3),
    steady=st.floats(0, 50),
    comeback=st.floats(0, 2),
    hold=st.floats(0, 40),
)


@given(
    st.sampled_from(["primary", "backup", "slate"]),
    st.lists(Views, max_size=2, unique_by=lambda item: item.slot),
)
def test_choice_settles_at_once_and_never_leaves_a_picture_for_the_slate(
    on_air: OnAir, views: list[View]
) -> None:
    views.sort(key=lambda item: item.slot, reverse=True)
    chosen = choose(NOW, on_air, views)
    by_slot = {item.slot: item for item in views}
    if chosen == "slate":
        assert on_air not in by_slot or NOW - by_slot[on_air].picture_at >= DARK
    else:
        assert NOW - by_slot[chosen].picture_at < DARK
        assert choose(NOW, chosen, views) in (chosen, views[0].slot)
