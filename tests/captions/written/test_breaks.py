"""Lines break where French does, and marks stay with their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.written.breaks import (
    BOUND,
    COMMA,
    OPENER,
    OTHER,
    STOP,
    TIGHT,
    WIDTH,
    balanced,
    broken,
    cost,
    units,
)


@pytest.mark.parametrize(
    ("before", "after", "worth"),
    [
        ("immeubles.", "C’est", STOP),
        ("terrain\u202f?", "Le", STOP),
        ("fini.\u202f»", "Puis", STOP),
        ("communes,", "il", COMMA),
        ("habitants", "quand", OPENER),
        ("demande", "d’un", OPENER),
        ("façades", "qu’il", OPENER),
        ("jardins", "partagés", OTHER),
        ("le", "gardien", TIGHT),
        ("qu’il", "faut", TIGHT),  # pronoun and verb
        ("nous", "avons", TIGHT),
        ("avons", "isolé", TIGHT),  # auxiliary and participle
        ("ne", "vient", TIGHT),
        ("vient", "pas", BOUND),
        ("l’", "habitat", TIGHT),
        ("M.", "Durand", TIGHT),
        ("Marie", "Curie", BOUND),
        ("40", "logements", BOUND),
    ],
)
def test_break_costs_what_it_does_to_the_sense(before: str, after: str, worth: int) -> None:
    assert cost(before, after) == worth


@pytest.mark.parametrize(
    ("texts", "together"),
    [
        (["Pourquoi", "?"], ["Pourquoi\u202f?"]),
        (["peut", "-être", ","], ["peut-être,"]),
        (["«", "Oui", "»", ",", "dit-il"], ["«\u202fOui\u202f»,", "dit-il"]),
        (["–", "Oui", "."], ["–\u00a0Oui."]),
        (["(", "rires", ")"], ["(rires)"]),
        (["Recherche", "&", "développement"], ["Recherche", "&", "développement"]),
    ],
)
def test_marks_stay_with_their_words(texts: list[str], together: list[str]) -> None:
    assert units(texts) == together
    assert units(together) == together


def test_two_lines_are_even_and_break_at_the_sense() -> None:
    sentence = "Nous devons isoler les façades et changer les fenêtres de la maison"
    assert balanced(sentence.split()) == (
        "Nous devons isoler les façades",
        "et changer les fenêtres de la maison",
    )


def test_what_fits_in_a_line_is_one() -> None:
    sentence = "Merci pour votre invitation."
    assert balanced(sentence.split()) == (sentence,)


words = st.lists(
    st.text("abcdé,.’?", min_size=1, max_size=12) | st.just("x" * 50), min_size=1, max_size=30
)


@given(words)
def test_lines_hold_every_word_once_in_order_within_their_width(parts: list[str]) -> None:
    for lines in (broken(parts), balanced(parts)):
        assert " ".join(lines).split(" ") == parts
        assert all(len(line) <= WIDTH or " " not in line for line in lines)


@given(words)
def test_line_does_not_change_any_more_once_the_next_has_begun(parts: list[str]) -> None:
    whole = broken(parts)
    for count in range(1, len(parts)):
        grown = broken(parts[:count])
        assert whole[: len(grown) - 1] == grown[:-1]


@given(words)
def test_balanced_lines_are_as_few_as_can_be(parts: list[str]) -> None:
    if any(len(part) > WIDTH for part in parts):
        return
    fits = any(
        len(" ".join(parts[:count])) <= WIDTH and len(" ".join(parts[count:])) <= WIDTH
        for count in range(len(parts) + 1)
    )
    assert (len(balanced(parts)) <= 2) == fits
