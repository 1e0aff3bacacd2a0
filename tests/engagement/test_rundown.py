"""The rundown: nothing is on air that nobody took, and each place shows what is for it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement import audience
from engagement.fold import Accepted, Outcome, Reason
from engagement.messages import UNREAD, MessageAcknowledged, MessageSent
from engagement.polls import PollClosed, PollPublished, PollReopened
from engagement.questions import (
    QuestionAnswered,
    QuestionApproved,
    QuestionRejected,
    QuestionTaken,
)
from engagement.rundown.entry import OVERLAY, Content, Entry
from engagement.rundown.events import (
    EntryAdded,
    EntryDeleted,
    EntryEdited,
    EntryMoved,
    EntryOff,
    EntryPreviewed,
    EntryTaken,
    ScreensCleared,
    ScreensRestored,
)
from engagement.rundown.fold import Rundown
from engagement.rundown.places import meet, placed
from engagement.screens import Screen, ScreenPaired, ScreenRemoved, ScreenSet, Setting
from engagement.talks import TalkEnded, TalkStarted
from engagement.wall.post import PostApproved, PostHidden, PostShown, PostWritten
from tests.engagement.room import Room, reason


class Desk(Room):
    """A room with a rundown in it."""

    @property
    def rundown(self) -> Rundown:
        return self.audience.rundown

    def add(self, entry: str, kind: str = "announcement", shows: str = "", **said: Any) -> Outcome:
        content = Content(**{"title": entry, "text": entry} | said)
        return self.do(EntryAdded, entry=entry, kind=kind, content=content, shows=shows)

    def take(self, entry: str, at: float | None = None) -> Outcome:
        return self.do(EntryTaken, entry=entry, at=at)

    def taken(self, entry: str, kind: str = "announcement", **said: Any) -> None:
        """Add and take one; `said` is as in `add`."""
        self.add(entry, kind, **said)
        assert isinstance(self.take(entry), Accepted)

    def pair(self, *screens: str, **setting: Any) -> None:
        for screen in screens:
            said = {"name": screen, "channel": "plateau"} | setting
            self.do(ScreenPaired, screen=screen, setting=Setting(**said))

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.audience.saved())
        self.audience.restore(msgspec.msgpack.decode(packed, type=audience.Saved))

    def on(self, place: str) -> list[str]:
        """What a place shows."""
        return [entry.id for entry in self.rundown.air(place).entries]

    def state(self, entry: str) -> str:
        found = self.rundown.find(entry)
        assert found
        return found.state


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


def test_question_that_is_answered_is_on_air_as_long(desk: Desk) -> None:
    desk.pair("hall")
    desk.approved("q")
    desk.do(QuestionTaken, question="q")
    assert desk.on("hall") == desk.on(OVERLAY) == ["auto_q"]
    desk.support("q", "ann")
    [entry] = desk.rundown.air("hall").entries
    assert entry.shows
    assert entry.shows == desk["q"]
    desk.do(QuestionAnswered, question="q")
    assert (desk.on("hall"), desk.state("auto_q")) == ([], "off")


def test_question_taken_off_stays_off_while_it_is_answered(desk: Desk) -> None:
    desk.approved("q")
    desk.do(QuestionTaken, question="q")
    desk.do(EntryOff, entry="auto_q")
    desk.restart()
    desk.support("q", "ann")
    assert desk.on(OVERLAY) == []


def test_question_that_is_on_air_by_hand_is_not_there_twice(desk: Desk) -> None:
    desk.approved("q")
    desk.add("mine", "question", shows="q")
    desk.take("mine")
    desk.do(QuestionTaken, question="q")
    assert desk.on(OVERLAY) == ["mine"]


def test_results_go_on_air_when_they_are_published_and_off_in_a_new_round(desk: Desk) -> None:
    desk.opened("p")
    desk.vote("ann", "o1")
    desk.do(PollClosed, poll="p")
    assert desk.on(OVERLAY) == []
    desk.do(PollPublished, poll="p")
    assert desk.on(OVERLAY) == ["auto_p"]
    desk.do(PollReopened, poll="p")
    assert desk.on(OVERLAY) == []


def test_published_results_go_off_air_when_their_talk_ends(desk: Desk) -> None:
    desk.do(TalkStarted, talk="direct")
    desk.opened("p")
    desk.do(PollClosed, poll="p")
    desk.do(PollPublished, poll="p")
    desk.taken("name", "bandeau")
    desk.do(TalkEnded, talk="direct")
    assert desk.on(OVERLAY) == ["name"]


def test_what_nobody_may_see_cannot_be_taken_and_goes_off_at_once(desk: Desk) -> None:
    desk.ask("q")
    desk.add("mine", "question", shows="q")
    assert reason(desk.take("mine")) is Reason.WRONG_STATE
    desk.do(QuestionApproved, question="q")
    desk.take("mine")
    assert desk.on(OVERLAY) == ["mine"]
    desk.do(QuestionRejected, question="q", reason="other")
    assert (desk.on(OVERLAY), desk.state("mine")) == ([], "off")


def test_post_on_air_goes_off_with_the_wall(desk: Desk) -> None:
    desk.do(PostWritten, "ann", post="p", text="Bravo")
    desk.do(PostApproved, post="p")
    desk.do(PostShown, post="p")
    desk.taken("mine", "post", shows="p")
    assert desk.on(OVERLAY) == ["mine"]
    desk.do(PostHidden, post="p")
    assert desk.on(OVERLAY) == []


def test_what_is_hidden_while_screens_are_cleared_does_not_come_back(desk: Desk) -> None:
    desk.approved("q")
    desk.add("mine", "question", shows="q")
    desk.take("mine")
    desk.do(ScreensCleared)
    desk.do(QuestionRejected, question="q", reason="other")
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == []


def test_what_the_presenter_takes_while_screens_are_cleared_waits(desk: Desk) -> None:
    desk.approved("q", "r")
    desk.do(ScreensCleared)
    desk.do(QuestionTaken, question="q")
    desk.do(QuestionTaken, question="r")
    assert desk.on(OVERLAY) == []
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == ["auto_r"]


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
    face=st.sampled_from(["live", "air", "wall"]),
    channel=st.sampled_from(["a", "b"]),
    group=st.sampled_from(["", "g"]),
    carries_overlay=st.booleans(),
)


@settings(deadline=None)
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


@settings(deadline=None)
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


def prepared() -> Desk:
    desk = Desk()
    desk.approved("q0")
    for number, kind in enumerate(["bandeau", "question", "announcement", "countdown"]):
        desk.add(f"e{number}", kind, shows="q0" if kind == "question" else "")
    return desk
