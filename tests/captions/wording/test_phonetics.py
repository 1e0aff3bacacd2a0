"""Words that sound alike are near, others are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.wording.phonetics import sounds, unlike


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("bailleurs", "baj2R"),
        ("impayés", "IpEje"),
        ("sociaux", "sosjo"),
        ("réclamation", "ReklamasjO"),
        ("conseil", "kOsEj"),
        ("famille", "famij"),
        ("quartier", "kaRtje"),
        ("façades", "fasad"),
        ("montagne", "mOtaN"),
        ("château", "Sato"),
        ("guichet", "giSE"),
        ("HLM", "aSElEm"),
        ("CAF", "kaf"),
    ],
)
def test_french_is_said_as_it_is_read(word: str, said: str) -> None:
    assert sounds(word) == said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pannes", "pânes"),
        ("accès", "axès"),
        ("chauffe", "chofe"),
        ("fond", "fonds"),
        ("dièse", "dièze"),
    ],
)
def test_spelling_makes_no_sound(one: str, other: str) -> None:
    assert unlike(sounds(one), sounds(other), 9.0) <= 0.4


def test_what_was_misheard_is_nearer_than_what_is_another_word() -> None:
    misheard = unlike(sounds("immobles"), sounds("immeubles"), 9.0)
    other = unlike(sounds("mobiles"), sounds("immeubles"), 9.0)
    assert misheard < 0.5 < 1.0 < other


def test_an_accent_apart_from_its_letter_is_heard_the_same() -> None:
    assert sounds("de\u0301ja\u0300") == sounds("déjà")


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèêàçœ", max_size=12).map(sounds)


@given(WORDS, WORDS)
def test_distance_is_the_same_both_ways_and_none_to_itself(one: str, other: str) -> None:
    assert unlike(one, other, 99.0) == pytest.approx(unlike(other, one, 99.0))
    assert unlike(one, one, 0.0) == 0.0


@given(WORDS, WORDS, st.floats(0.0, 5.0))
def test_a_limit_does_not_change_what_is_within_it(one: str, other: str, limit: float) -> None:
    whole, limited = unlike(one, other, 99.0), unlike(one, other, limit)
    assert limited == whole or (whole > limit and limited > limit)


@given(st.text(max_size=20))
def test_any_text_can_be_said(text: str) -> None:
    sounds(text)
