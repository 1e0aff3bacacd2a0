"""The choice of what is on air: primary before backup before slate, and no flapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.failover import HOLD, Choice, Facts, OnAir, Rules, View, choose

NOW = 1_790_000_000.0


def view(
    slot: str = "primary",
    dark: float = 0.0,
    steady: float = 100.0,
    ailing: bool = False,
    well: float = 100.0,
    **owed: float,
) -> View:
    return View(
        "primary" if slot == "primary" else "backup",
        NOW - dark,
        NOW - dark - steady,
        0.5,
        owed.get("comeback", 0.0),
        owed.get("hold", HOLD),
        ailing,
        NOW if ailing else NOW - well,
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


@pytest.mark.parametrize(
    ("on_air", "views", "rules", "choice", "chosen"),
    [
        # Loss has its own time.
        ("primary", [view(dark=2.5)], Rules(loss=3.0), "auto", "primary"),
        ("primary", [view(dark=0.8)], Rules(loss=0.7), "auto", "slate"),
        # An ailing source makes way for a healthy one, at once, and for nothing else.
        ("primary", [view(ailing=True)], Rules(), "auto", "primary"),
        ("primary", [view(ailing=True), view("backup", steady=0.1)], Rules(), "auto", "backup"),
        ("primary", [view(ailing=True), view("backup", dark=0.6)], Rules(), "auto", "primary"),
        ("slate", [view(ailing=True)], Rules(), "auto", "primary"),
        ("slate", [view(ailing=True), view("backup")], Rules(), "auto", "backup"),
        ("backup", [view(ailing=True), view("backup")], Rules(), "auto", "backup"),
        ("backup", [view(ailing=True), view("backup", ailing=True)], Rules(), "auto", "backup"),
        ("backup", [view(well=1.0), view("backup")], Rules(), "auto", "backup"),
        ("backup", [view(well=9.0), view("backup")], Rules(), "auto", "primary"),
        ("backup", [view(well=1.0), view("backup", dark=1.6)], Rules(), "auto", "primary"),
        # Without a preference who is on air stays, while it is fine.
        ("backup", [view(), view("backup")], Rules(prefer="none"), "auto", "backup"),
        ("backup", [view(), view("backup", ailing=True)], Rules(prefer="none"), "auto", "primary"),
        ("slate", [view(), view("backup")], Rules(prefer="none"), "auto", "primary"),
        # The crew's choice comes first, while it is there.
        ("primary", [view(), view("backup")], Rules(), "backup", "backup"),
        ("backup", [view(), view("backup", ailing=True)], Rules(), "backup", "backup"),
        ("primary", [view(), view("backup", dark=0.6)], Rules(), "backup", "primary"),
        ("backup", [view(), view("backup", dark=1.6)], Rules(), "backup", "primary"),
        ("primary", [view(), view("backup", steady=1.0)], Rules(), "backup", "primary"),
        ("primary", [view()], Rules(), "slate", "slate"),
        ("backup", [view("backup", dark=1.6)], Rules(), "primary", "slate"),
    ],
)
def test_choice_by_rules(
    on_air: OnAir, views: list[View], rules: Rules, choice: Choice, chosen: str
) -> None:
    assert choose(NOW, on_air, views, rules, choice) == chosen


@pytest.mark.parametrize(
    ("facts", "rules", "ail"),
    [
        (Facts(), Rules(), False),
        (Facts(black_since=NOW - 9), Rules(), False),
        (Facts(black_since=NOW - 11), Rules(), True),
        (Facts(black_since=NOW - 99), Rules(black=0), False),
        (Facts(silent_since=NOW - 99, frozen_since=NOW - 99), Rules(), False),
        (Facts(silent_since=NOW - 21), Rules(silence=20), True),
        (Facts(frozen_since=NOW - 21), Rules(freeze=20), True),
        (Facts(black_since=NOW - 1, frozen_since=NOW - 21), Rules(freeze=20), True),
    ],
)
def test_each_ailment_has_its_own_time(facts: Facts, rules: Rules, ail: bool) -> None:
    assert facts.ail(NOW, rules) == ail


Views = st.builds(
    view,
    st.sampled_from(["primary", "backup"]),
    dark=st.floats(0, 3),
    steady=st.floats(0, 50),
    ailing=st.booleans(),
    well=st.floats(0, 50),
    comeback=st.floats(0, 2),
    hold=st.floats(0, 40),
)
AnyRules = st.builds(
    Rules,
    loss=st.floats(0.5, 10),
    hold=st.floats(0, 40),
    prefer=st.sampled_from(["primary", "none"]),
)
Two = st.lists(Views, max_size=2, unique_by=lambda item: item.slot).map(
    lambda views: sorted(views, key=lambda item: item.slot, reverse=True)
)
Places = st.sampled_from(["primary", "backup", "slate"])


@given(Places, Two, AnyRules, st.sampled_from(["auto", "primary", "backup"]))
def test_choice_never_leaves_a_picture_for_the_slate_nor_takes_one_that_is_not_there(
    on_air: OnAir, views: list[View], rules: Rules, choice: Choice
) -> None:
    chosen = choose(NOW, on_air, views, rules, choice)
    by_slot = {item.slot: item for item in views}
    if chosen == "slate":
        assert on_air not in by_slot or NOW - by_slot[on_air].picture_at >= rules.loss
    else:
        assert NOW - by_slot[chosen].picture_at < rules.loss
        assert chosen == on_air or NOW - by_slot[chosen].picture_at < by_slot[chosen].patience


@given(Places, Two, AnyRules, st.sampled_from(["auto", "primary", "backup"]))
def test_choice_settles(on_air: OnAir, views: list[View], rules: Rules, choice: Choice) -> None:
    """With the same facts, two sources do not take the air from each other for ever."""
    seen: list[OnAir] = [on_air]
    while (then := choose(NOW, seen[-1], views, rules, choice)) != seen[-1]:
        seen.append(then)
        assert len(seen) <= 3


@given(Places, Two, AnyRules, st.sampled_from(["auto", "primary", "backup"]))
def test_healthy_source_on_air_stays_unless_one_that_comes_first_has_paid_its_hold(
    on_air: OnAir, views: list[View], rules: Rules, choice: Choice
) -> None:
    current = next((item for item in views if item.slot == on_air), None)
    if current is None or current.ailing or NOW - current.picture_at >= rules.loss:
        return
    chosen = choose(NOW, on_air, views, rules, choice)
    if chosen != on_air:
        other = next(item for item in views if item.slot == chosen)
        assert NOW - max(other.steady_since, other.well_since) >= other.hold
        assert choice == chosen or (chosen == "primary" and rules.prefer == "primary")


@given(Places, Two, AnyRules)
def test_crews_slate_is_on_air_whatever_there_is(
    on_air: OnAir, views: list[View], rules: Rules
) -> None:
    assert choose(NOW, on_air, views, rules, "slate") == "slate"
