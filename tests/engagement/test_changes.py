"""What a page is sent: what changed since the position it names, no more, no less."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.changes import Changes, order
from engagement.questions import QuestionApproved, SupportGiven
from tests.engagement.room import Room


def test_only_what_changed_since_is_given_oldest_change_first() -> None:
    changes: Changes[str] = Changes()
    changes.put("9-0", "a", "A")
    changes.put("9-1", "b", "B")
    changes.put("10-0", "a", "A2")
    assert changes.since("") == ["B", "A2"]
    assert changes.since("9-0") == ["B", "A2"]
    assert changes.since("9-1") == ["A2"]  # "10-0" comes after "9-1", though not as text
    assert changes.since("10-0") == []


def test_what_was_forgotten_is_remembered_as_a_position() -> None:
    changes: Changes[str] = Changes()
    changes.put("1-0", "a", "A")
    changes.put("2-0", "b", "B")
    changes.forget("a")
    assert (list(changes), changes.forgotten) == (["B"], "1-0")


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(0, 30))
def test_a_page_that_applies_changes_has_the_whole(keys: list[str], cut: int) -> None:
    changes: Changes[tuple[str, int]] = Changes()
    page: dict[str, int] = {}
    seen = ""
    for number, key in enumerate(keys):
        changes.put(f"{number}-0", key, (key, number))
        if number == cut:
            page.update(changes.since(seen))
            seen = changes.version
    page.update(changes.since(seen))
    assert page == dict(changes)


def test_positions_compare_as_numbers() -> None:
    assert order("") < order("0-0") < order("9-9") < order("10-0") < order("10-1")


def test_touched_views_are_those_that_show_the_change() -> None:
    room = Room()
    room.ask("q", by="ann")
    assert room.audience.touched == {("talk", "direct", ""), ("me", "direct", "ann")}
    room.do(QuestionApproved, question="q")
    assert room.audience.touched == {("talk", "direct", ""), ("me", "direct", "ann")}
    room.do(SupportGiven, "bob", question="q")
    assert ("me", "direct", "bob") in room.audience.touched
    room.do(SupportGiven, "bob", question="nowhere")
    assert room.audience.touched == set()
    assert room.audience.position == "4-0"


def test_what_fails_with_one_event_does_not_fail_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room()
    heed = room.audience.rundown.heed  # a bug is put there: of those that are, none is known

    def fail_for_one(position: str, at: float, item: Any) -> None:
        if item.id == "odd":
            raise ValueError("a bug")
        heed(position, at, item)

    monkeypatch.setattr(room.audience.rundown, "heed", fail_for_one)
    with pytest.raises(ValueError, match="a bug"):
        room.ask("odd", by="ann")
    room.ask("q", by="bob")
    assert room.audience.touched == {("talk", "direct", ""), ("me", "direct", "bob")}


def test_poll_retry_moves_nothing() -> None:
    room = Room()
    room.poll()
    room.poll()
    assert room.audience.touched == set()
