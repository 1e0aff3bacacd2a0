"""Syntheses: hosts write them, tables share them, the set tells them; comments and sendings."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.audience import key
from engagement.cafe.events import CafeClosed
from engagement.cafe.session import OWN
from engagement.fold import Accepted, Reason, Refused
from engagement.happening import PhaseSet
from engagement.ideas.events import ClusterMade, ClusterRemoved, IdeaMade
from engagement.ideas.idea import IDEAS
from engagement.rundown.entry import OVERLAY
from engagement.syntheses.events import (
    SendingTakenBack,
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
from engagement.syntheses.lifecycle import AIRINGS, KEPT
from engagement.syntheses.syntheses import EACH
from engagement.syntheses.synthesis import SHARED, Airing
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.labs import TABLE, Labs, text
from tests.engagement.room import reason


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


def test_what_was_told_often_enough_is_refused_for_good(labs: Labs) -> None:
    labs.shared("s")
    labs.do(TalkStarted, talk="direct")
    for _ in range(AIRINGS):
        labs.do(SynthesisTaken, synthesis="s", talk="direct")
        labs.do(SynthesisTold, synthesis="s")
    more = labs.do(SynthesisTaken, synthesis="s", talk="direct")
    assert reason(more) is Reason.TOO_MANY_AIRINGS


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
