"""What a person wants always written is written, and nothing else changes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Word
from captions.wording import rules
from captions.wording.rewriting import Rewriting
from captions.wording.rules import Rule, Rules
from captions.written.layout import joined


def said(text: str, start: float = 0.0) -> tuple[Word, ...]:
    """A text's words, half a second each."""
    return tuple(
        Word(word, start + index / 2, start + index / 2 + 0.5, 0.9)
        for index, word in enumerate(text.split(" "))
    )


def written(text: str, *pairs: tuple[str, str]) -> str:
    made = [Rule(str(number), *pair) for number, pair in enumerate(pairs)]
    return joined(Rules(made).rewrite(said(text)))


def test_a_phrase_is_written_as_wanted_and_its_marks_stay() -> None:
    pair = ("biaires sociaux", "bailleurs sociaux")
    assert written("des «\u202fbiaires sociaux\u202f», dit-il.", pair) == (
        "des «\u202fbailleurs sociaux\u202f», dit-il."
    )


def test_only_whole_words_match() -> None:
    assert written("la capacité et la cap", ("cap", "CAP")) == "la capacité et la CAP"


def test_a_word_behind_an_apostrophe_is_whole() -> None:
    assert written("avec l’apoule ou l'apoule", ("apoule", "APUL")) == "avec l’APUL ou l'APUL"


def test_capitals_make_no_difference_and_accents_do() -> None:
    pair = ("cote", "cotte")
    assert written("Cote COTE côté côte", pair) == "Cotte Cotte côté côte"


def test_a_hyphen_a_space_and_both_apostrophes_are_the_same() -> None:
    assert written("rendez vous, rendez-vous", ("rendez-vous", "RDV")) == "RDV, RDV"
    assert written("l’on dit", ("l'on", "on")) == "on dit"


def test_a_mark_within_breaks_a_phrase() -> None:
    assert written("il est à Paris. Sud, ouest", ("Paris Sud", "Orsay")) == (
        "il est à Paris. Sud, ouest"
    )


def test_a_rule_may_change_capitals_only() -> None:
    assert written("la fabrique tv", ("fabrique tv", "Fabrique TV")) == "la Fabrique TV"


def test_a_sentence_keeps_its_capital() -> None:
    assert written("Biaires et biaires", ("biaires", "bailleurs")) == "Bailleurs et bailleurs"


def test_the_longest_phrase_wins_then_the_newest_rule() -> None:
    assert written("caf de Lyon", ("caf", "CAF"), ("caf de Lyon", "CAF du Rhône")) == "CAF du Rhône"
    assert written("caf", ("caf", "Kaf"), ("caf", "CAF")) == "CAF"


def test_a_rule_that_contains_what_it_replaces_is_applied_once() -> None:
    pair = ("Sud", "Orly Sud")
    once = written("le Sud", pair)
    assert once == "le Orly Sud"
    assert written(once, pair) == once


def test_rules_lead_on_to_each_other_and_a_circle_ends() -> None:
    assert written("a", ("a", "b"), ("b", "c")) == "c"
    assert written("a", ("a", "b"), ("b", "a")) in ("a", "b")


def test_as_many_words_keep_their_times_and_others_share_them() -> None:
    heard = said("les biaires sociaux ici", start=10.0)
    same = Rules([Rule("1", "biaires sociaux", "bailleurs sociaux")]).rewrite(heard)
    assert [word.start for word in same] == [10.0, 10.5, 11.0, 11.5]
    one = Rules([Rule("1", "biaires sociaux", "HLM")]).rewrite(heard)
    assert [(word.text, word.start, word.end) for word in one[1:2]] == [("HLM", 10.5, 11.5)]
    three = Rules([Rule("1", "biaires", "B C D")]).rewrite(heard)
    assert [word.text for word in three] == ["les", "B", "C", "D", "sociaux", "ici"]
    assert (three[1].start, three[3].end) == (10.5, 11.0)


def test_the_beginning_of_a_phrase_waits_for_the_rest() -> None:
    rewriting = Rewriting(Rules([Rule("1", "biaires sociaux", "bailleurs sociaux")]))
    settled, partial = rewriting.take(said("les biaires"))
    assert (joined(settled), joined(partial)) == ("les", "biaires")
    settled, partial = rewriting.take(said("sociaux et", 1.0), said("puis", 2.0))
    assert (joined(settled), joined(partial)) == ("bailleurs sociaux et", "puis")


def test_a_phrase_that_is_whole_is_not_cut_by_one_that_may_begin_in_it() -> None:
    rewriting = Rewriting(Rules([Rule("1", "a a", "x"), Rule("2", "a b", "y")]))
    assert joined(rewriting.take(said("a a"))[0]) == "x"


def test_what_waits_is_let_go_when_something_else_follows_or_the_speaker_pauses() -> None:
    rewriting = Rewriting(Rules([Rule("1", "biaires sociaux", "bailleurs sociaux")]))
    assert rewriting.take(said("biaires"))[0] == ()
    assert joined(rewriting.take((), said("privés"))[0]) == "biaires"
    assert rewriting.take(said("biaires"))[0] == ()
    assert joined(rewriting.take((), ended=True)[0]) == "biaires"
    assert joined(rewriting.take(said("biaires."))[0]) == "biaires."


def test_a_phrase_half_settled_is_shown_as_wanted_at_once() -> None:
    rewriting = Rewriting(Rules([Rule("1", "biaires sociaux", "bailleurs sociaux")]))
    settled, partial = rewriting.take(said("les biaires"), said("sociaux"))
    assert (joined(settled), joined(partial)) == ("les", "bailleurs sociaux")


@pytest.mark.parametrize(
    ("heard", "wanted", "reason"),
    [
        ("", "mot", "entendu"),
        ("mot", " … ", "écrire"),
        ("mot", " mot ", "mêmes"),
        ("m" * 81, "mot", "80 caractères"),
        ("a b c d e f g h i", "mot", "8 mots"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_and_does_nothing(
    heard: str, wanted: str, reason: str
) -> None:
    assert reason in str(rules.refusal(heard, wanted))
    assert written("mot a b c d e f g h i", (heard, wanted)) == "mot a b c d e f g h i"


HEARD = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" ".join)
WANTED = st.lists(st.sampled_from(["x", "Y", "z-w"]), min_size=1, max_size=3).map(" ".join)
MADE = st.lists(st.tuples(HEARD, WANTED), max_size=4).map(
    lambda pairs: Rules(Rule(str(number), *pair) for number, pair in enumerate(pairs))
)
TEXT = st.lists(st.sampled_from(["a", "b", "c", "d", "a,", "b.", "l’a"]), min_size=1, max_size=9)


@given(MADE, TEXT)
def test_to_rewrite_again_changes_nothing(made: Rules, texts: list[str]) -> None:
    once = made.rewrite(said(" ".join(texts)))
    assert made.rewrite(once) == once


@given(MADE, TEXT)
def test_words_stay_in_the_time_in_which_they_were_said(made: Rules, texts: list[str]) -> None:
    heard = said(" ".join(texts))
    after = made.rewrite(heard)
    assert after[0].start == heard[0].start
    assert after[-1].end == heard[-1].end
    assert all(word.start <= word.end for word in after)
    assert all(one.end <= next.start for one, next in pairwise(after))


@given(MADE, TEXT, st.lists(st.integers(1, 9), max_size=4))
def test_words_that_come_piece_by_piece_are_written_as_if_all_came_at_once(
    made: Rules, texts: list[str], cuts: list[int]
) -> None:
    heard = said(" ".join(texts))
    rewriting = Rewriting(made)
    marks = [0, *sorted(cuts), len(heard)]
    settled: list[Word] = []
    for begin, end in pairwise(marks):
        settled += rewriting.take(heard[begin:end])[0]
    settled += rewriting.take((), ended=True)[0]
    assert tuple(settled) == made.rewrite(heard)
