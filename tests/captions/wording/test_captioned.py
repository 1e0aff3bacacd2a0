"""What people do to captions: their words stand, nothing that is heard is lost, all agree."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue, Word
from captions.wording import rules
from captions.wording.captioned import Accepted, Captioned, Hold, MadeRule, Outcome, Reason, Refused
from captions.wording.edited import VERSIONS
from captions.wording.events import (
    AnyCaptionAct,
    AnyCaptionEvent,
    CaptionsReleased,
    CaptionsTaken,
    CueEdited,
    CueWritten,
    GlossarySet,
    RuleAdded,
    RuleRemoved,
    SpeakerNamed,
)
from captions.written.layout import lines

SAID = ["les", "biaires", "sociaux", "logent", "la", "moitié", "des", "locataires", "de", "France"]


def words(count: int, said: list[str] = SAID) -> tuple[Word, ...]:
    return tuple(Word(text, 10 + n * 0.3, 10.25 + n * 0.3, 0.9) for n, text in enumerate(said))[
        :count
    ]


def heard(revision: int, count: int, said: list[str] = SAID) -> CueWritten:
    spoken = words(count, said)
    return CueWritten("plateau", Cue("plateau-10", revision, 10.0, 14.0, lines(spoken), spoken))


class Room:
    """A fold, and acts of Ann on one cue unless they say otherwise."""

    def __init__(self) -> None:
        self.fold = Captioned()
        self._position = 0

    def hear(self, event: CueWritten) -> None:
        self.fold.write(self._next(), event)

    def act(self, type: type[AnyCaptionAct], **fields: Any) -> Outcome:
        position = self._next()
        filled = {"id": position, "at": 20.0, "by": "p_1", "name": "Ann", **fields}
        return self.fold.apply(position, type(**filled))

    def edit(self, **fields: Any) -> Outcome:
        return self.act(CueEdited, channel="plateau", cue="plateau-10", **fields)

    def shown(self) -> Cue:
        [cue] = self.fold.transcripts["plateau"].between(0, 100)
        return cue

    def text(self) -> str:
        return " ".join(self.shown().lines)

    def _next(self) -> str:
        self._position += 1
        return f"{self._position}000-0"


@pytest.fixture
def room() -> Room:
    return Room()


def test_what_is_heard_stands_as_it_came(room: Room) -> None:
    for revision in (0, 1, 1, 0):
        room.hear(heard(revision, 4 + revision))
    assert room.shown() == heard(1, 5).cue


def test_a_correction_stands_and_says_so(room: Room) -> None:
    room.hear(heard(2, 6))
    outcome = room.edit(text="les bailleurs sociaux logent la moitié", expects=2)
    assert outcome == Accepted(room.shown())
    cue = room.shown()
    assert (room.text(), cue.revision, cue.corrected) == (
        "les bailleurs sociaux logent la moitié",
        3,
        True,
    )
    # As many words as were heard have their times.
    assert [(word.start, word.end) for word in cue.words] == [
        (word.start, word.end) for word in words(6)
    ]


def test_words_heard_after_a_correction_come_behind_it(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(text="Les bailleurs sociaux", expects=0)
    room.hear(heard(1, 5))
    room.hear(heard(2, 8))
    assert room.text() == "Les bailleurs sociaux logent la moitié des locataires"
    assert room.shown().words[3:] == words(8)[3:]


def test_words_heard_while_one_typed_are_not_lost(room: Room) -> None:
    room.hear(heard(0, 3))
    room.hear(heard(1, 5))
    # Ann saw three words; two came while she typed.
    assert isinstance(room.edit(text="Les bailleurs sociaux", expects=0), Accepted)
    assert room.text() == "Les bailleurs sociaux logent la"


def test_two_people_do_not_overwrite_each_other_unseen(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(text="Les bailleurs sociaux", expects=0)
    stands = room.shown()
    assert room.edit(text="Les bailleurs", expects=0, by="p_2") == Refused(Reason.CHANGED, stands)
    assert room.shown() == stands
    assert isinstance(room.edit(text="Les bailleurs", expects=1, by="p_2"), Accepted)


def test_a_second_hearing_never_replaces_what_a_person_wrote(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(text="Les bailleurs sociaux")
    room.hear(heard(1, 5))
    room.hear(heard(2, 5, ["des", "billards", "au", "soleil", "logent"]))
    assert room.text() == "Les bailleurs sociaux logent la"
    assert room.fold.heard("plateau", 0, 100) == [
        heard(2, 5, ["des", "billards", "au", "soleil", "logent"]).cue
    ]


def test_who_saw_another_hearing_is_told(room: Room) -> None:
    room.hear(heard(0, 3))
    room.hear(heard(1, 3, ["des", "billards", "sociaux"]))
    assert isinstance(room.edit(text="les bailleurs sociaux", expects=0), Refused)


def test_speaker_and_hiding_leave_the_words(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(speaker="Anne Morel")
    room.edit(hidden=True)
    cue = room.shown()
    assert (cue.speaker, cue.hidden, cue.corrected, cue.revision) == ("Anne Morel", True, False, 2)
    assert cue.words == words(3)
    room.hear(heard(3, 6))
    assert (room.shown().hidden, room.shown().speaker, room.shown().revision) == (
        True,
        "Anne Morel",
        3,
    )
    room.edit(hidden=False)
    assert not room.shown().hidden


def test_an_edit_that_changes_nothing_makes_no_revision(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(hidden=False, speaker="")
    assert room.shown().revision == 0
    assert room.fold.changed == []


def test_a_rule_changes_what_is_written_and_what_follows(room: Room) -> None:
    room.hear(heard(0, 3))
    room.act(RuleAdded, id="r", heard="biaires", written="bailleurs")
    assert room.text() == "les bailleurs sociaux"
    assert not room.shown().corrected
    room.hear(heard(1, 5))
    assert room.text() == "les bailleurs sociaux logent la"
    room.act(RuleRemoved, rule="r")
    assert room.text() == "les biaires sociaux logent la"


def test_a_rule_leaves_what_a_person_wrote_but_not_what_is_heard_behind(room: Room) -> None:
    room.hear(heard(0, 2))
    room.edit(text="Les « biaires »")
    room.act(RuleAdded, heard="sociaux", written="SOCIAUX")
    room.act(RuleAdded, heard="biaires", written="bailleurs")
    room.hear(heard(1, 3))
    assert room.text() == "Les «\u202fbiaires\u202f» SOCIAUX"


def test_rules_that_write_what_others_hear_reach_old_cues(room: Room) -> None:
    room.hear(heard(0, 3))
    room.act(RuleAdded, id="r", heard="biaires", written="bailleurs")
    room.act(RuleAdded, heard="bailleurs sociaux", written="Bailleurs")
    assert room.text() == "les Bailleurs"
    room.act(RuleRemoved, rule="r")
    assert room.text() == "les biaires sociaux"


def test_rules_are_bounded_and_those_that_do_nothing_refused(room: Room) -> None:
    assert room.act(RuleAdded, heard="Orly", written=" Orly ") == Refused(Reason.WRONG_RULE)
    assert room.act(RuleRemoved, rule="r") == Refused(Reason.UNKNOWN_RULE)
    for number in range(rules.RULES):
        made = room.act(RuleAdded, heard=f"mot{number}", written="mot")
        assert isinstance(made, Accepted)
        assert isinstance(made.item, MadeRule)
    assert room.act(RuleAdded, heard="un", written="deux") == Refused(Reason.TOO_MANY_RULES)


def test_history_tells_who_changed_what(room: Room) -> None:
    room.hear(heard(0, 2))
    room.hear(heard(1, 3))  # the same, as it fills up
    room.act(RuleAdded, heard="biaires", written="bailleurs", name="", by="p_9")
    room.edit(text="Les bailleurs sociaux", at=30.0)
    room.hear(heard(2, 4))
    room.hear(heard(3, 5))
    room.edit(hidden=True)
    found = room.fold.find("plateau-10")
    assert found is not None
    assert [(each.how, each.by, each.text) for each in found[1].history] == [
        ("heard", "", "les biaires sociaux"),
        ("rule", "p_9", "les bailleurs sociaux"),
        ("edit", "Ann", "Les bailleurs sociaux"),
        ("heard", "", "Les bailleurs sociaux logent la"),
        ("edit", "Ann", "Les bailleurs sociaux logent la"),
    ]
    assert [each.revision for each in found[1].history] == [1, 2, 3, 5, 6]
    assert found[1].history[2].at == 30.0
    assert found[1].history[-1].hidden


def test_history_keeps_the_first_and_the_newest(room: Room) -> None:
    room.hear(heard(0, 3))
    for number in range(2 * VERSIONS):
        room.edit(text=f"essai {number}")
    found = room.fold.find("plateau-10")
    assert found is not None
    texts = [each.text for each in found[1].history]
    assert (len(texts), texts[0], texts[-1]) == (
        VERSIONS,
        "les biaires sociaux",
        f"essai {2 * VERSIONS - 1}",
    )


def test_an_act_that_comes_twice_is_one(room: Room) -> None:
    room.hear(heard(0, 3))
    first = room.edit(id="a", text="Un", at=20.0)
    room.edit(id="b", text="Deux")
    assert room.edit(id="a", text="Un", at=21.0) == first
    assert room.text() == "Deux"
    assert room.edit(id="a", text="Trois") == Refused(Reason.KEY_REUSED)


def test_what_is_not_there_cannot_be_edited(room: Room) -> None:
    assert room.edit(text="Un") == Refused(Reason.UNKNOWN_CUE)
    assert room.fold.find("plateau-10") is None


def test_glossaries_replace_the_one_that_was_seen(room: Room) -> None:
    given = room.act(GlossarySet, talk="t", terms=("USH",))
    assert given == Accepted(room.fold.glossary("t"))
    assert room.fold.glossary("").terms == ()
    seen = room.fold.glossary("t").version
    room.act(GlossarySet, talk="t", terms=("HLM",), expects=(seen,))
    changed = room.act(GlossarySet, talk="t", terms=("PLU",), expects=(seen,))
    assert changed == Refused(Reason.CHANGED, room.fold.glossary("t"))
    assert room.fold.glossary("t").terms == ("HLM",)


def test_one_person_holds_a_channel_at_a_time(room: Room) -> None:
    taken = room.act(CaptionsTaken, id="1", channel="plateau", source="keyboard")
    assert isinstance(taken, Accepted)
    hold = taken.item
    assert isinstance(hold, Hold)
    other = {"by": "p_2", "channel": "plateau", "source": "stream"}
    assert room.act(CaptionsTaken, **other) == Refused(Reason.TAKEN, hold)
    # Her own socket comes back: what was to end the first one no longer does.
    room.act(CaptionsTaken, id="2", channel="plateau", source="stream")
    late = room.act(CaptionsReleased, channel="plateau", taken="1")
    assert isinstance(late, Refused)
    assert room.fold.holds["plateau"].id == "2"
    assert isinstance(room.act(CaptionsTaken, over=True, **other), Accepted)
    assert isinstance(room.act(CaptionsReleased, channel="plateau"), Accepted)
    assert room.fold.holds == {}
    assert room.act(CaptionsReleased, channel="plateau") == Refused(Reason.NOT_TAKEN)


def test_who_speaks_is_as_was_said_since_the_talk_began(room: Room) -> None:
    assert room.fold.speaker("plateau") == ""
    room.act(SpeakerNamed, channel="plateau", speaker="Anne Morel", at=20.0)
    assert room.fold.speaker("plateau", since=20.0) == "Anne Morel"
    assert room.fold.speaker("plateau", since=20.1) == ""
    room.act(SpeakerNamed, channel="plateau", speaker="")
    assert room.fold.speaker("plateau") == ""


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("hear"),
            st.integers(0, 12),
            st.integers(1, 10),
            st.sampled_from([SAID, ["tout", "autre", "chose", "est", "dite", "ici"]]),
        ),
        st.tuples(
            st.just("edit"),
            st.none() | st.integers(0, 12),
            st.none() | st.sampled_from(["Les bailleurs", "biaires ?", "« a » - b"]),
            st.none() | st.booleans(),
        ),
        st.tuples(st.just("rule"), st.sampled_from(["biaires", "la moitié", "sociaux"])),
        st.tuples(st.just("unrule"), st.integers(1, 30)),
    ),
    max_size=30,
)


def play(drawn: list[Any]) -> tuple[Room, list[Cue]]:
    """What the drawn events make, and each state on the way."""
    room, seen = Room(), []
    for number, (kind, *what) in enumerate(drawn, 1):
        match kind:
            case "hear":
                room.hear(heard(*what))
            case "edit":
                expects, text, hidden = what
                room.edit(expects=expects, text=text, hidden=hidden)
            case "rule":
                room.act(RuleAdded, id=f"r{number}", heard=what[0], written="HLM")
            case "unrule":
                room.act(RuleRemoved, rule=f"r{what[0]}")
        if room.fold.find("plateau-10"):
            seen.append(room.shown())
    return room, seen


@given(EVENTS)
def test_revisions_only_grow_and_everyone_folds_the_same(drawn: list[Any]) -> None:
    _, seen = play(drawn)
    for before, after in pairwise(seen):
        assert after == before or after.revision > before.revision
    again, _ = play(drawn)
    assert again.fold.transcripts["plateau"].between(0, 100) == seen[-1:]


@given(EVENTS, st.integers(13, 20), st.integers(1, 10))
def test_the_last_words_of_a_person_stand_whatever_is_heard(
    drawn: list[Any], revision: int, count: int
) -> None:
    room, seen = play(drawn)
    if not seen or isinstance(room.edit(text="Voilà qui est dit", hidden=False), Refused):
        return
    room.hear(heard(revision, count))
    room.act(RuleAdded, heard="dit", written="entendu")
    assert room.text().startswith("Voilà qui est dit")
    assert room.shown().corrected


def test_events_are_told_apart_in_the_journal() -> None:
    acts: list[AnyCaptionEvent] = [
        heard(0, 3),
        CueEdited(id="a", at=1.0, by="p", channel="plateau", cue="c", expects=2, hidden=True),
        RuleAdded(id="a", at=1.0, by="p", heard="a", written="b"),
        RuleRemoved(id="a", at=1.0, by="p", rule="r"),
        GlossarySet(id="a", at=1.0, by="p", talk="", terms=("x",)),
        CaptionsTaken(id="a", at=1.0, by="p", channel="plateau", source="stream"),
        CaptionsReleased(id="a", at=1.0, by="p", channel="plateau"),
        SpeakerNamed(id="a", at=1.0, by="p", channel="plateau", speaker="Anne"),
    ]
    decoder = msgspec.msgpack.Decoder(AnyCaptionEvent)
    assert [decoder.decode(msgspec.msgpack.encode(act)) for act in acts] == acts
    # What installations have on disk.
    old = {
        "type": "CueWritten",
        "channel": "plateau",
        "cue": {
            "id": "c",
            "revision": 0,
            "start": 1.0,
            "end": 2.0,
            "lines": ["Un"],
            "words": [["Un", 1.0, 1.5, 0.9]],
        },
    }
    decoded = decoder.decode(msgspec.msgpack.encode(old))
    assert isinstance(decoded, CueWritten)
    assert decoded.cue.words == (Word("Un", 1.0, 1.5, 0.9),)


def test_words_heard_anew_stand_once_behind_a_persons(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(text="Les bailleurs sociaux", expects=0)
    room.hear(heard(1, 4))
    anew = ["les", "biaires", "d’ici", "sociaux", "logent", "la"]  # a second hearing, then more
    room.hear(heard(2, 5, anew))
    known = room.text()
    room.hear(heard(3, 6, anew))
    assert room.text() == known == "Les bailleurs sociaux logent"


def test_what_a_person_wrote_beyond_the_words_they_saw_does_not_come_twice(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(text="Les bailleurs sociaux logent la", expects=0)
    room.hear(heard(1, 4))  # the machine hears what the person heard
    assert room.text() == "Les bailleurs sociaux logent la"
    room.hear(heard(2, 7))
    assert room.text() == "Les bailleurs sociaux logent la moitié des"
    room.edit(text="Oui, oui", expects=room.shown().revision)
    room.hear(heard(3, 10))
    assert room.text() == "Oui, oui locataires de France"


def test_a_word_that_is_said_twice_stands_twice_behind_a_correction(room: Room) -> None:
    room.hear(heard(0, 2, ["et", "nous"]))
    room.edit(text="Et nous", expects=0)
    room.hear(heard(1, 4, ["et", "nous", "nous", "levons"]))
    assert room.text() == "Et nous nous levons"


def test_a_hidden_cue_that_grows_is_told_to_the_crew(room: Room) -> None:
    room.hear(heard(0, 3))
    room.edit(hidden=True)
    before = room.fold.version
    room.hear(heard(1, 4))
    assert room.fold.version > before
