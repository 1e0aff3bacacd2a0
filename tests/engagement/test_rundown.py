"""The rundown: nothing is on air that nobody took, and each place shows what is for it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.fold import Accepted, Reason
from engagement.happening import ParticipantErased
from engagement.messages import UNREAD, MessageAcknowledged, MessageSent
from engagement.questions import (
    QuestionAnswered,
    QuestionRejected,
    QuestionTaken,
)
from engagement.rundown.entry import OVERLAY, Content, Entry
from engagement.rundown.events import (
    EntryDeleted,
    EntryEdited,
    EntryMoved,
    EntryOff,
    EntryPreviewed,
    EntryTaken,
    ScreensCleared,
    ScreensRestored,
)
from engagement.rundown.places import meet, placed
from engagement.screens import Screen, ScreenPaired, ScreenRemoved, ScreenSet, Setting
from tests.engagement.desk import Desk
from tests.engagement.room import reason


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_nothing_is_on_air_before_it_is_taken(desk: Desk) -> None:
    desk.pair("hall")
    desk.add("a")
    desk.do(EntryPreviewed, entry="a")
    assert (desk.state("a"), desk.on("hall"), desk.on(OVERLAY)) == ("preview", [], [])
    desk.take("a")
    assert (desk.state("a"), desk.on("hall"), desk.on(OVERLAY)) == ("on_air", ["a"], ["a"])
    desk.do(EntryOff, entry="a")
    assert (desk.state("a"), desk.on("hall"), desk.on(OVERLAY)) == ("off", [], [])


def test_one_is_previewed_at_a_time(desk: Desk) -> None:
    desk.add("a")
    desk.add("b")
    desk.do(EntryPreviewed, entry="a")
    desk.do(EntryPreviewed, entry="b")
    assert (desk.state("a"), desk.state("b")) == ("queued", "preview")
    desk.do(EntryOff, entry="b")
    assert desk.state("b") == "queued"


def test_what_is_taken_goes_in_the_place_of_what_is_there_and_leaves_other_layers(
    desk: Desk,
) -> None:
    desk.taken("name", "bandeau")
    desk.taken("pause", "countdown", duration=60.0)
    desk.taken("one")
    desk.taken("two", "synthesis")
    assert desk.on(OVERLAY) == ["name", "pause", "two"]
    assert desk.state("one") == "off"


def test_targets_and_screens_and_channels_are_kept_apart(desk: Desk) -> None:
    desk.pair("hall", "lab-1", group="plateaux")
    desk.pair("other", channel="labo-1")
    desk.taken("for the hall", target="screens", to=("hall",))
    desk.taken("for lab 1", target="screens", to=("lab-1",))
    assert (desk.on("hall"), desk.on("lab-1"), desk.on("other")) == (
        ["for the hall"],
        ["for lab 1"],
        [],
    )
    desk.taken("for the group", target="screens", to=("plateaux",))
    assert (desk.on("hall"), desk.on("lab-1")) == (["for the group"], ["for the group"])
    desk.taken("mixed in", target="overlay")
    assert (desk.on(OVERLAY), desk.on("hall")) == (["mixed in"], ["for the group"])
    desk.taken("elsewhere", channel="labo-1")
    assert (desk.on("hall"), desk.on("other")) == (["for the group"], ["elsewhere"])


def test_screen_never_repeats_what_its_picture_carries(desk: Desk) -> None:
    desk.pair("carries", carries_overlay=True)
    desk.pair("wall", carries_overlay=True, face="wall")
    desk.taken("both")
    assert (desk.on("carries"), desk.on("wall"), desk.on(OVERLAY)) == ([], ["both"], ["both"])
    desk.taken("screens", target="screens")
    assert desk.on("carries") == ["screens"]


def test_screen_that_changes_or_comes_later_shows_what_is_on_air(desk: Desk) -> None:
    desk.taken("a", channel="labo-1")
    desk.pair("late")
    assert desk.on("late") == []
    desk.do(ScreenSet, screen="late", setting=Setting(name="late", channel="labo-1"))
    assert desk.on("late") == ["a"]
    desk.taken("for two", target="screens", to=("late",), channel="labo-1")
    desk.taken("for one", target="screens", to=("later",), channel="labo-1")
    desk.restart()
    desk.pair("later", channel="labo-1", group="late")
    assert desk.on("later") == ["for one"]  # which was taken last
    desk.do(ScreenRemoved, screen="late")
    assert desk.on("late") == []
    assert reason(desk.do(ScreenRemoved, screen="late")) is Reason.UNKNOWN_SCREEN


def test_clearing_takes_everything_off_and_restoring_brings_it_back(desk: Desk) -> None:
    desk.pair("hall")
    desk.taken("name", "bandeau")
    desk.taken("a")
    desk.do(ScreensCleared)
    assert (desk.on("hall"), desk.on(OVERLAY)) == ([], [])
    assert desk.rundown.air("hall").cleared
    desk.do(ScreensCleared)  # in a panic one presses twice
    desk.do(ScreensRestored)
    assert (desk.on("hall"), desk.on(OVERLAY)) == (["name", "a"], ["name", "a"])
    assert not desk.rundown.air("hall").cleared
    assert reason(desk.do(ScreensRestored)) is Reason.WRONG_STATE


def test_restoring_leaves_what_was_taken_since(desk: Desk) -> None:
    desk.taken("name", "bandeau")
    desk.taken("a")
    desk.do(ScreensCleared)
    desk.taken("sorry")
    assert desk.on(OVERLAY) == ["sorry"]
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == ["sorry", "name"]


def test_entry_shows_what_exists(desk: Desk) -> None:
    outcome = desk.add("a", "question", shows="nothing")
    assert reason(outcome) is Reason.UNKNOWN_REFERENCE


def test_retry_makes_no_copy_and_another_body_is_refused(desk: Desk) -> None:
    desk.add("a")
    assert isinstance(desk.add("a"), Accepted)
    assert reason(desk.add("a", title="Autre")) is Reason.KEY_REUSED
    assert [entry.id for entry in desk.rundown.all()] == ["a"]


def test_what_is_on_air_is_edited_there_and_deleted_once_off(desk: Desk) -> None:
    desk.pair("hall")
    desk.taken("there", target="screens")
    desk.taken("a", target="overlay")
    desk.do(EntryEdited, entry="a", content=Content(text="Corrigé"))
    assert (desk.on("hall"), desk.state("there")) == (["a"], "off")
    [entry] = desk.rundown.air(OVERLAY).entries
    assert entry.content.text == "Corrigé"
    assert reason(desk.do(EntryDeleted, entry="a")) is Reason.WRONG_STATE
    desk.do(EntryOff, entry="a")
    desk.do(EntryDeleted, entry="a")
    assert desk.rundown.find("a") is None
    assert reason(desk.take("a")) is Reason.UNKNOWN_ENTRY


def test_entries_keep_the_order_they_are_given(desk: Desk) -> None:
    order = [f"e{number}" for number in range(4)]
    for entry in order:
        desk.add(entry)
    for turn in range(200):  # far beyond what halving a gap allows
        moved = order.pop(-1)
        before = order[turn % 2]
        order.insert(turn % 2, moved)
        desk.do(EntryMoved, entry=moved, before=before)
        assert [entry.id for entry in desk.rundown.all()] == order
    desk.do(EntryMoved, entry=order[0])
    assert [entry.id for entry in desk.rundown.all()] == [*order[1:], order[0]]


def test_entry_goes_off_when_its_time_is_over(desk: Desk) -> None:
    desk.add("a", duration=8.0)
    desk.take("a", at=1000.0)
    assert desk.audience.due(1007.9) == []
    [due] = desk.audience.due(1008.0)
    desk.audience.apply("999999-0", due)
    assert desk.on(OVERLAY) == []
    assert desk.audience.due(2000.0) == []


def test_entry_that_was_given_longer_meanwhile_stays(desk: Desk) -> None:
    desk.add("a", duration=8.0)
    desk.take("a", at=1000.0)
    [due] = desk.audience.due(1008.0)
    desk.do(EntryEdited, entry="a", content=Content(duration=60.0))
    assert reason(desk.audience.apply("999999-0", due)) is Reason.WRONG_STATE
    assert desk.on(OVERLAY) == ["a"]
    assert [due.at for due in desk.audience.due(1060.0)] == [1060.0]


def test_countdown_stays_when_it_reaches_zero(desk: Desk) -> None:
    desk.add("pause", "countdown", duration=600.0)
    desk.add("until", "countdown", until=5000.0)
    desk.take("pause", at=1000.0)
    [entry] = desk.rundown.air(OVERLAY).entries
    assert entry.ends_at == 1600.0
    assert desk.audience.due(2000.0) == []
    desk.take("until", at=1100.0)
    [entry] = desk.rundown.air(OVERLAY).entries
    assert (entry.id, entry.ends_at) == ("until", 5000.0)


def test_message_is_acknowledged_once_and_few_may_wait(desk: Desk) -> None:
    for number in range(UNREAD):
        desk.do(MessageSent, message=f"m{number}", talk="direct", text="Deux minutes")
    outcome = desk.do(MessageSent, message="more", talk="direct", text="Deux minutes")
    assert reason(outcome) is Reason.TOO_MANY_MESSAGES
    desk.do(MessageAcknowledged, message="m0", at=5000.0)
    desk.do(MessageAcknowledged, message="m0", at=6000.0)
    assert [each.acknowledged_at for each in desk.audience.messages.of("direct")[:2]] == [
        5000.0,
        None,
    ]
    assert isinstance(
        desk.do(MessageSent, message="more", talk="direct", text="Deux minutes"), Accepted
    )


NAMES = st.sampled_from(["s1", "s2", "g"])
CONTENTS = st.builds(
    Content,
    target=st.sampled_from(["screens", "overlay", "both"]),
    channel=st.sampled_from(["", "a", "b"]),
    to=st.sets(NAMES).map(lambda names: tuple(sorted(names))),
)
SETTINGS = st.builds(
    Setting,
    name=st.just("x"),
    face=st.sampled_from(["live", "air", "wall", "lab"]),
    channel=st.sampled_from(["a", "b"]),
    group=st.sampled_from(["", "g"]),
    carries_overlay=st.booleans(),
)


@given(CONTENTS, CONTENTS, SETTINGS, SETTINGS)
def test_two_that_show_in_one_place_always_meet(
    one: Content, other: Content, first: Setting, second: Setting
) -> None:
    screens = [
        Screen(id=name, setting=setting, paired_as=setting, paired_at=0.0)
        for name, setting in (("s1", first), ("s2", second))
    ]
    a, b = (
        Entry(id=name, kind="post", content=content, first=content, rank=1.0, by="crew")
        for name, content in (("a", one), ("b", other))
    )
    alone = [placed((entry,), screens) for entry in (a, b)]
    together = [name for name in ("s1", "s2") if all(shown[name] for shown in alone)]
    assert meet(a, b, screens) == meet(b, a, screens)
    assert meet(a, b, screens) or not together
    assert all(len(placed((a, b), screens)[name]) <= 1 for name in ("s1", "s2"))


ACTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([EntryTaken, EntryOff, EntryPreviewed]), st.integers(0, 5)),
        st.tuples(st.sampled_from([ScreensCleared, ScreensRestored]), st.just(-1)),
        st.tuples(st.sampled_from([QuestionTaken, QuestionAnswered, QuestionRejected]), st.just(0)),
        st.tuples(st.sampled_from([ScreenPaired, ScreenRemoved]), st.integers(0, 2)),
    ),
    max_size=40,
)


@given(ACTS, st.integers(0, 40))
def test_saved_and_restored_rundown_goes_on_as_if_nothing_had_been(
    acts: list[Any], when: int
) -> None:
    desk, twin = prepared(), prepared()
    for number, (type, which) in enumerate(acts):
        if number == when:
            desk.restart()
        fields: dict[str, Any] = {}
        match type.__name__:
            case "EntryTaken" | "EntryOff" | "EntryPreviewed":
                fields = {"entry": f"e{which}"}
            case "QuestionTaken" | "QuestionAnswered" | "QuestionRejected":
                fields = {"question": "q0"}
            case "ScreenPaired":
                fields = {"screen": f"s{which}", "setting": Setting(name="x", channel="plateau")}
            case "ScreenRemoved":
                fields = {"screen": f"s{which}"}
        for each in (desk, twin):
            each.do(type, **fields)
        assert desk.rundown.saved() == twin.rundown.saved()
        on_air = [entry for entry in desk.rundown.all() if entry.state == "on_air"]
        assert len({entry.layer for entry in on_air}) == len(on_air)
        assert {entry.id for entry in on_air} == set(desk.on(OVERLAY))
        assert all(entry.ready for entry in on_air)
        changes = desk.audience.changes(("overlay", "", ""))
        assert changes
        assert [air.entries for air in changes] == [desk.rundown.air(OVERLAY).entries]


def test_screens_cleared_before_a_restart_can_be_restored_after_it(desk: Desk) -> None:
    desk.taken("a")
    desk.do(ScreensCleared)
    desk.restart()
    assert desk.rundown.air(OVERLAY).cleared
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == ["a"]


def test_entry_that_was_deleted_keeps_nothing_of_who_is_forgotten(desk: Desk) -> None:
    desk.ask("q", by="p_ann", body="Le secret d’Ann")
    desk.add("e", "question", shows="q")
    desk.do(EntryDeleted, entry="e")
    desk.do(ParticipantErased, participant="p_ann", stand_in="gone_1")
    saved = msgspec.msgpack.encode(desk.audience.saved())
    assert "Le secret d’Ann".encode() not in saved
    assert b"p_ann" not in saved


def prepared() -> Desk:
    desk = Desk()
    desk.approved("q0")
    for number, kind in enumerate(["bandeau", "question", "announcement", "countdown"]):
        desk.add(f"e{number}", kind, shows="q0" if kind == "question" else "")
    return desk
