"""Syntheses: hosts write them, tables share them, the set tells them; comments and sendings."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.audience import Audience, Saved, key
from engagement.cafe.events import CafeClosed, CafeMade, CafeOpened
from engagement.cafe.session import OWN, Plan
from engagement.fold import Accepted, Item, Outcome, Reason, Refused
from engagement.happening import ParticipantErased, PhaseSet
from engagement.ideas.events import ClusterMade, ClusterRemoved, IdeaMade
from engagement.ideas.idea import IDEAS
from engagement.polls import PollClosed, PollPublished
from engagement.questions import QuestionRejected
from engagement.rundown.entry import OVERLAY
from engagement.syntheses.comments import ABOUT, BURST, EVERY, WAITING_EACH
from engagement.syntheses.events import (
    CommentApproved,
    CommentRejected,
    CommentWithdrawn,
    CommentWritten,
    SendingTakenBack,
    SentToLab,
    SynthesisBegun,
    SynthesisHidden,
    SynthesisRestored,
    SynthesisRevised,
    SynthesisShared,
    SynthesisSupported,
    SynthesisTaken,
    SynthesisTold,
    SynthesisUnsupported,
)
from engagement.syntheses.lifecycle import KEPT
from engagement.syntheses.sendings import STANDING
from engagement.syntheses.syntheses import EACH
from engagement.syntheses.synthesis import SENT, SHARED, Airing, Synthesis, Text
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.desk import Desk
from tests.engagement.room import reason

TABLE = "labo-1.1"


class Labs(Desk):
    """A room with a laboratory of two tables, which is in a session, and a rundown."""

    def __init__(self) -> None:
        super().__init__()
        plan = Plan(title="Demain", prompts=("Que faut-il ?",), tables=(("labo-1", 2),))
        self.do(CafeMade, cafe="c", plan=plan)
        self.do(CafeOpened, cafe="c")

    def begin(self, name: str = "s", table: str = TABLE, **said: Any) -> Outcome:
        return self.do(SynthesisBegun, "host", synthesis=name, table=table, text=text(**said))

    def revise(self, name: str = "s", by: str = "host", **said: Any) -> Outcome:
        fields = {name: said.pop(name) for name in ("keeps", "expects") if name in said}
        return self.do(SynthesisRevised, by, synthesis=name, text=text(**said), **fields)

    def shared(self, *names: str, **more: Any) -> None:
        for name in names:
            self.begin(name)
            assert isinstance(self.do(SynthesisShared, "host", synthesis=name, **more), Accepted)

    def comment(self, name: str, by: str = "ann", at: float | None = None) -> Outcome:
        return self.do(CommentWritten, by, at=at, comment=name, synthesis="s", text="Bien vu")

    def commented(self, *names: str) -> None:
        for name in names:
            self.comment(name, by=f"author of {name}")
            assert isinstance(self.do(CommentApproved, comment=name), Accepted)

    def send(self, name: str = "x", kind: str = "message", **more: Any) -> Outcome:
        return self.do(SentToLab, sending=name, kind=kind, **more)

    def restarted(self) -> Audience:
        """What another process has, from what this one saved."""
        again = Audience()
        packed = msgspec.msgpack.encode(self.audience.saved())
        again.restore(msgspec.msgpack.decode(packed, type=Saved))
        return again

    def __call__(self, name: str = "s") -> Synthesis:
        return self.audience.syntheses.by_id[name]


def text(title: str = "Un atelier par immeuble", body: str = "Pour réparer.", **more: Any) -> Text:
    return Text(title=title, body=body, **more)


def shown(outcome: Outcome) -> Item:
    assert isinstance(outcome, Accepted), outcome
    return outcome.item


@pytest.fixture
def labs() -> Labs:
    return Labs()


def test_what_autosave_writes_takes_the_place_of_what_was_there(labs: Labs) -> None:
    labs.begin(title="", body="")
    for body in ("Un", "Un atelier", "Un atelier partagé"):
        labs.revise(body=body)
    assert (labs().text.body, labs().history) == ("Un atelier partagé", ())
    labs.revise(body="Autre chose", keeps=True)
    assert [each.text.body for each in labs().history] == ["Un atelier partagé"]


def test_what_another_hand_wrote_or_all_have_seen_is_kept(labs: Labs) -> None:
    labs.begin(body="La première")
    labs.revise(by="other host", body="La seconde")
    assert [(each.text.body, each.by) for each in labs().history] == [("La première", "host")]
    labs.do(SynthesisShared, "host", synthesis="s")
    labs.revise(by="other host", body="La troisième")
    assert [each.text.body for each in labs().history] == ["La première", "La seconde"]
    assert labs().state == "shared"


def test_oldest_versions_go(labs: Labs) -> None:
    labs.begin(body="0")
    for number in range(1, KEPT + 3):
        labs.revise(body=str(number), keeps=True)
    assert [each.text.body for each in labs().history] == [str(n) for n in range(2, KEPT + 2)]


def test_of_two_hosts_the_second_is_told_what_the_first_wrote(labs: Labs) -> None:
    labs.begin(body="À deux")
    seen = labs().version
    labs.revise(body="L’une écrit", expects=(seen,))
    outcome = labs.revise(by="other host", body="L’autre aussi", expects=(seen,))
    assert outcome == Refused(Reason.CHANGED, labs())
    assert labs().text.body == "L’une écrit"
    merged = labs.revise(by="other host", body="Les deux", expects=(labs().version,))
    assert isinstance(merged, Accepted)


def test_support_and_airing_stop_nobody_who_writes(labs: Labs) -> None:
    labs.shared("s")
    seen = labs().version
    labs.do(TalkStarted, talk="direct")
    labs.do(SynthesisSupported, "ann", synthesis="s")
    labs.do(SynthesisTaken, synthesis="s", talk="direct")
    assert labs().version != seen
    assert isinstance(labs.revise(body="Corrigée", expects=(seen,)), Accepted)
    assert reason(labs.revise(body="Encore", expects=(seen,))) is Reason.CHANGED


@pytest.mark.parametrize("expected", ["", "0-0", "jamais", "1-2-3", "²"])
def test_made_up_version_is_none_that_was_seen(labs: Labs, expected: str) -> None:
    labs.begin()
    assert reason(labs.revise(body="Autre", expects=(expected,))) is Reason.CHANGED


def test_same_words_sent_again_are_no_conflict(labs: Labs) -> None:
    labs.begin(body="Avant")
    seen = labs().version
    first = labs.revise(body="Après", expects=(seen,))
    assert labs.revise(body="Après", expects=(seen,)) == first


def test_retry_makes_no_second_synthesis_even_when_the_first_was_revised(labs: Labs) -> None:
    labs.begin(title="", body="")
    labs.revise(body="Écrit depuis")
    again = labs.do(SynthesisBegun, "host", synthesis="s", table=TABLE, text=text("", ""))
    assert again == Accepted(labs())
    assert reason(labs.begin(body="Tout autre")) is Reason.KEY_REUSED


def test_table_has_so_many_syntheses_those_that_are_hidden_apart(labs: Labs) -> None:
    for number in range(EACH):
        assert isinstance(labs.begin(f"s{number}"), Accepted)
    assert reason(labs.begin("more")) is Reason.TOO_MANY_SYNTHESES
    assert isinstance(labs.begin("other", table="labo-1.2"), Accepted)
    labs.do(SynthesisHidden, "host", synthesis="s0")
    assert isinstance(labs.begin("more"), Accepted)
    assert len(labs.audience.syntheses.of_table("c", TABLE)) == EACH + 1


def test_closed_session_takes_no_new_synthesis_and_lets_hosts_finish_theirs(labs: Labs) -> None:
    labs.begin()
    labs.do(CafeClosed, cafe="c")
    assert reason(labs.begin("late")) is Reason.CAFE_CLOSED
    assert isinstance(labs.revise(body="Achevée"), Accepted)
    assert isinstance(labs.do(SynthesisShared, "host", synthesis="s"), Accepted)
    assert reason(labs.begin("nowhere", table="labo-9.1")) is Reason.UNKNOWN_TABLE


def test_sources_are_ideas_and_groups_that_there_are_or_were(labs: Labs) -> None:
    labs.do(IdeaMade, "ann", idea="i", cafe="c", table=TABLE, text="Une remise")
    labs.do(ClusterMade, "host", cluster="g", table=TABLE, name="Réparer", ideas=("i",))
    assert isinstance(labs.begin(ideas=("i",), clusters=("g",)), Accepted)
    labs.do(ClusterRemoved, "host", cluster="g")
    assert isinstance(labs.revise(body="Plus loin", ideas=("i",), clusters=("g",)), Accepted)
    assert reason(labs.begin("t", ideas=("j",))) is Reason.UNKNOWN_REFERENCE
    assert reason(labs.begin("t", clusters=("h",))) is Reason.UNKNOWN_REFERENCE
    assert reason(labs.revise(ideas=("j",))) is Reason.UNKNOWN_REFERENCE
    assert reason(labs.revise(clusters=("h",))) is Reason.UNKNOWN_REFERENCE


def test_draft_is_nobodys_to_see_and_shared_one_everybodys(labs: Labs) -> None:
    labs.begin()
    assert (labs().public, IDEAS in labs().views, SHARED in labs().views) == (False, False, True)
    labs.do(SynthesisShared, "host", synthesis="s", labs=("labo-2",))
    assert (labs().public, labs().labs, IDEAS in labs().views) == (True, ("labo-2",), False)


def test_what_was_open_stays_so_or_is_hidden(labs: Labs) -> None:
    """The page of ideas would not be told that it is not open any more."""
    labs.shared("s", open=True)
    labs.do(SynthesisShared, "host", synthesis="s", open=False)
    assert labs().open
    labs.do(SynthesisHidden, "moderator", synthesis="s")
    assert (labs().public, labs().was_public, labs().hidden_by) == (False, True, "moderator")
    changes = labs.audience.changes(IDEAS)
    assert changes
    assert [item.public for item in changes if item.id == "s"] == [False]
    labs.do(SynthesisRestored, "moderator", synthesis="s")
    assert (labs().state, labs().open) == ("draft", True)


def test_newest_shared_is_the_one_shared_last(labs: Labs) -> None:
    labs.begin()
    labs.do(SynthesisShared, "host", synthesis="s", at=100.0)
    labs.do(SynthesisShared, "host", synthesis="s", at=200.0, open=True)
    assert labs().shared_at == 100.0
    labs.do(SynthesisHidden, "host", synthesis="s")
    assert reason(labs.do(SynthesisShared, "host", synthesis="s")) is Reason.WRONG_STATE
    labs.do(SynthesisRestored, "host", synthesis="s")
    labs.do(SynthesisShared, "host", synthesis="s", at=300.0)
    assert labs().shared_at == 300.0


def test_each_participant_supports_once(labs: Labs) -> None:
    labs.begin()
    assert reason(labs.do(SynthesisSupported, "ann", synthesis="s")) is Reason.WRONG_STATE
    labs.do(SynthesisShared, "host", synthesis="s")
    for by in ("ann", "ann", "bob"):
        labs.do(SynthesisSupported, by, synthesis="s")
    assert labs().support == 2
    labs.do(SynthesisUnsupported, "ann", synthesis="s")
    assert (labs().support, labs.audience.syntheses.supports("bob")) == (1, ["s"])
    assert labs.audience.version_of_theirs(OWN, "ann")
    assert labs.restarted().syntheses.supported_by("s", "bob")


def test_told_one_after_the_other_each_has_its_airing(labs: Labs) -> None:
    labs.shared("s", "t")
    assert reason(labs.do(SynthesisTaken, synthesis="s", talk="direct")) is Reason.TALK_NOT_LIVE
    assert reason(labs.do(SynthesisTaken, synthesis="s", talk="none")) is Reason.UNKNOWN_TALK
    labs.do(TalkStarted, talk="direct")
    labs.do(SynthesisTaken, synthesis="s", talk="direct", at=5_000.0)
    assert labs.audience.syntheses.live("direct") == labs()
    assert reason(labs.do(SynthesisTaken, synthesis="s", talk="direct")) is Reason.WRONG_STATE
    labs.do(SynthesisTaken, synthesis="t", talk="direct", at=5_060.0)
    assert (labs().airings, labs().airing) == ((Airing("direct", 5_000.0, 5_060.0),), None)
    assert labs.restarted().syntheses.live("direct") == labs("t")
    labs.do(SynthesisTold, synthesis="t", at=5_100.0)
    assert labs("t").airings == (Airing("direct", 5_060.0, 5_100.0),)
    assert reason(labs.do(SynthesisTold, synthesis="t")) is Reason.WRONG_STATE
    assert labs.audience.syntheses.live("direct") is None
    assert {labs("s"), labs("t")} <= set(labs.audience.in_talk("direct"))


def test_end_of_the_talk_and_hiding_end_what_is_told(labs: Labs) -> None:
    labs.shared("s", "t")
    labs.do(TalkStarted, talk="direct")
    labs.do(SynthesisTaken, synthesis="s", talk="direct", at=5_000.0)
    labs.do(SynthesisHidden, "host", synthesis="s", at=5_010.0)
    assert labs().airings == (Airing("direct", 5_000.0, 5_010.0),)
    labs.do(SynthesisTaken, synthesis="t", talk="direct", at=5_020.0)
    labs.do(TalkEnded, talk="direct", at=5_030.0)
    assert labs("t").airings == (Airing("direct", 5_020.0, 5_030.0),)


def test_draft_is_not_told(labs: Labs) -> None:
    labs.begin()
    labs.do(TalkStarted, talk="direct")
    assert reason(labs.do(SynthesisTaken, synthesis="s", talk="direct")) is Reason.WRONG_STATE


def test_what_is_told_is_on_air_and_off_when_it_was(labs: Labs) -> None:
    labs.shared("s", "t")
    labs.do(TalkStarted, talk="direct")
    labs.do(SynthesisTaken, synthesis="s", talk="direct")
    [entry] = labs.rundown.air(OVERLAY).entries
    assert (entry.kind, entry.shows, entry.content.channel) == ("synthesis", labs(), "plateau")
    labs.do(SynthesisTaken, synthesis="t", talk="direct")
    assert labs.on(OVERLAY) == ["auto_t"]
    labs.do(SynthesisTold, synthesis="t")
    assert labs.on(OVERLAY) == []


def test_entry_of_the_rundown_shows_a_synthesis_as_it_is_and_goes_with_it(labs: Labs) -> None:
    labs.begin()
    labs.add("e", "synthesis", shows="s", title="", text="")
    assert reason(labs.take("e")) is Reason.WRONG_STATE  # nobody sees a draft
    labs.do(SynthesisShared, "host", synthesis="s")
    labs.take("e")
    labs.revise(body="Corrigée à l’antenne")
    [entry] = labs.rundown.air(OVERLAY).entries
    assert entry.shows == labs()
    labs.do(SynthesisHidden, "host", synthesis="s")
    assert (labs.on(OVERLAY), labs.state("e")) == ([], "off")
    unknown = labs.add("f", "synthesis", shows="none")
    assert reason(unknown) is Reason.UNKNOWN_REFERENCE


def test_comment_shows_when_it_was_read(labs: Labs) -> None:
    labs.begin()
    assert reason(labs.comment("k")) is Reason.WRONG_STATE
    labs.do(SynthesisShared, "host", synthesis="s")
    comment = shown(labs.comment("k"))
    assert (comment.public, labs().comments) == (False, 0)
    labs.do(CommentApproved, comment="k")
    assert (labs.audience.comments.by_id["k"].public, labs().comments) == (True, 1)
    labs.do(CommentRejected, comment="k")
    assert (labs.audience.comments.by_id["k"].was_public, labs().comments) == (True, 0)
    labs.do(CommentApproved, comment="k")
    assert reason(labs.do(CommentWithdrawn, "bob", comment="k")) is Reason.NOT_YOURS
    labs.do(CommentWithdrawn, "ann", comment="k")
    assert reason(labs.do(CommentApproved, comment="k")) is Reason.WRONG_STATE
    assert labs().comments == 0


def test_comments_come_so_fast_and_so_many(labs: Labs) -> None:
    labs.shared("s")
    for number in range(BURST):
        assert isinstance(labs.comment(f"k{number}", at=10_000.0), Accepted)
    assert labs.comment("more", at=10_000.0) == Refused(Reason.TOO_MANY, wait=EVERY)
    assert isinstance(labs.comment("k4", at=10_000.0 + EVERY), Accepted)
    assert labs.comment("more", at=20_000.0) == Refused(Reason.TOO_MANY, wait=60.0)
    assert labs.audience.comments._waiting["ann"] == WAITING_EACH
    for number in range(ABOUT - WAITING_EACH):
        labs.comment(f"o{number}", by=f"p{number}")
    assert reason(labs.comment("one", by="zoe")) is Reason.TOO_MANY


def test_retry_makes_no_second_comment(labs: Labs) -> None:
    labs.shared("s")
    assert labs.comment("k") == labs.comment("k")
    assert reason(labs.comment("k", by="bob")) is Reason.KEY_REUSED
    assert len(labs.audience.comments.about("s")) == 1


def test_forgotten_participant_is_in_no_comment_and_their_support_counts(labs: Labs) -> None:
    labs.shared("s")
    labs.comment("k", by="p_ann")
    labs.do(CommentApproved, comment="k")
    labs.do(SynthesisSupported, "p_ann", synthesis="s")
    labs.do(ParticipantErased, participant="p_ann", stand_in="gone_1")
    comment = labs.audience.comments.by_id["k"]
    assert (comment.text, comment.by, comment.state) == ("", "gone_1", "withdrawn")
    assert (labs().support, labs().comments) == (1, 0)
    assert b"p_ann" not in msgspec.msgpack.encode(labs.audience.saved())


def test_rehearsal_leaves_syntheses_comments_and_sendings_as_they_were(labs: Labs) -> None:
    labs.shared("s")
    labs.commented("k")
    labs.send("x")
    before = labs(), labs.audience.comments.saved(), labs.audience.sendings.saved()
    labs.do(PhaseSet, phase="rehearsal")
    labs.shared("t")
    labs.revise(body="Essai")
    labs.commented("l")
    labs.send("y")
    labs.do(SendingTakenBack, sending="x")
    labs.do(PhaseSet, phase="open")
    after = labs(), labs.audience.comments.saved(), labs.audience.sendings.saved()
    assert after == before
    assert list(labs.audience.syntheses.by_id) == ["s"]


def test_sending_follows_what_it_shows_and_goes_with_it(labs: Labs) -> None:
    labs.approved("q")
    sending = shown(labs.send("x", "question", shows="q"))
    labs.support("q", "bob", "cem")
    assert labs.audience.sendings.by_id["x"].shown == labs["q"]
    labs.do(QuestionRejected, question="q")
    gone = labs.audience.sendings.by_id["x"]
    assert (sending.public, gone.public, gone.was_public) == (True, False, True)
    labs.restart()
    changes = labs.audience.changes(SENT)
    assert changes
    assert list(changes) == [gone]


def test_sent_poll_shows_its_votes_as_they_come(labs: Labs) -> None:
    labs.opened()
    labs.send("x", "poll", shows="p")
    labs.vote("ann", "o1")
    for act in (PollClosed, PollPublished):
        labs.do(act, poll="p")
    shows = labs.audience.sendings.by_id["x"].shown
    assert shows == labs.audience.polls.by_id["p"]
    assert shows
    assert getattr(shows, "ballots", 0) == 1


def test_what_nobody_may_see_yet_is_not_sent(labs: Labs) -> None:
    labs.ask("q")
    labs.begin()
    assert labs.send("x", "question", shows="q") == Refused(Reason.WRONG_STATE, labs["q"])
    assert labs.send("x", "synthesis", shows="s") == Refused(Reason.WRONG_STATE, labs())
    for kind, shows in (("question", "none"), ("poll", "q"), ("message", "q")):
        assert reason(labs.send("x", kind, shows=shows)) is Reason.UNKNOWN_REFERENCE
    assert reason(labs.send("x", "quote", text="…", talk="none")) is Reason.UNKNOWN_TALK


def test_sending_is_taken_back_once_and_retried_without_a_copy(labs: Labs) -> None:
    first = labs.send("x", text="À vos tables")
    assert labs.send("x", text="À vos tables") == first
    assert reason(labs.send("x", text="Autre")) is Reason.KEY_REUSED
    assert isinstance(labs.do(SendingTakenBack, sending="x"), Accepted)
    assert labs.audience.sendings.by_id["x"].gone
    assert reason(labs.do(SendingTakenBack, sending="x")) is Reason.UNKNOWN_SENDING
    assert reason(labs.send("x", text="À vos tables")) is Reason.UNKNOWN_SENDING
    for number in range(STANDING):
        assert isinstance(labs.send(f"y{number}"), Accepted)
    assert reason(labs.send("more")) is Reason.TOO_MANY_SENDINGS


ACTS = st.sampled_from(
    [
        (SynthesisRevised, {"text": text(body="Autrement")}),
        (SynthesisShared, {"open": True}),
        (SynthesisHidden, {}),
        (SynthesisRestored, {}),
        (SynthesisTaken, {"talk": "direct"}),
        (SynthesisTold, {}),
        (TalkEnded, {"talk": "direct"}),
        (TalkStarted, {"talk": "direct"}),
    ]
)


@given(st.lists(st.tuples(st.sampled_from("stu"), ACTS), max_size=40))
def test_airings_of_a_talk_follow_each_other_and_only_what_is_shared_is_told(
    acts: list[tuple[str, tuple[Any, dict[str, Any]]]],
) -> None:
    labs = Labs()
    for name in "stu":
        labs.begin(name)
    for name, (type, fields) in acts:
        about = fields if type in (TalkStarted, TalkEnded) else fields | {"synthesis": name}
        labs.do(type, **about)
        every = [labs(each) for each in "stu"]
        live = [each for each in every if each.airing]
        assert labs.audience.syntheses.live("direct") == (live[0] if live else None)
        assert len(live) <= 1
        assert all(each.shared for each in live)
        assert labs.audience.talks.by_id["direct"].state == "live" or not live
        spans = sorted(
            (airing.start, airing.end or 1e12) for each in every for airing in each.airings
        )
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert labs.on(OVERLAY) == [f"auto_{each.id}" for each in live]
        assert {key(each) for each in every if each.open} <= {
            key(item) for item in labs.audience.changes(IDEAS) or ()
        }
