"""Few people are not told of, nor can they be reckoned from what is."""

from hypothesis import given
from hypothesis import strategies as st

from engagement.crowds import FEWEST, few, tellable


def test_one_group_alone_is_never_left_out() -> None:
    assert tellable({"a": 20, "b": 10, "c": 7}) == {"a", "b", "c"}
    assert tellable({"a": 20, "b": 10, "c": 3}) == {"a"}  # b too, or c would be the difference
    assert tellable({"a": 20, "b": 10, "c": 3, "d": 4}) == {"a", "b"}
    assert tellable({"a": 5}) == {"a"}
    assert tellable({}) == frozenset()


def test_where_nobody_is_there_is_nothing_to_hide() -> None:
    assert tellable({"a": 20, "b": 0}) == {"a", "b"}
    assert tellable({"a": 20, "b": 10, "c": 4, "d": 0}) == {"a", "d"}


@given(st.dictionaries(st.text("abcdefg", max_size=1), st.integers(0, 12)))
def test_what_is_left_out_is_a_crowd_or_everybody(sizes: dict[str, int]) -> None:
    shown = tellable(sizes)
    assert not any(few(sizes[group]) for group in shown)
    left_out = [number for group, number in sizes.items() if group not in shown]
    if left_out and any(sizes[group] for group in shown):
        assert len(left_out) >= 2
        assert sum(left_out) >= FEWEST
