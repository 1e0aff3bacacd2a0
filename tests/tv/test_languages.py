"""Public pages in other languages: nothing is missing, and French costs nothing for it."""

import re

import pytest

from tests import catalogues
from tv.languages import FRENCH, NAMES, Language, catalogue

OTHERS = pytest.mark.parametrize("code", sorted(NAMES.keys() - {FRENCH}))
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")


@OTHERS
def test_a_catalogue_has_all_that_public_pages_say_and_nothing_else(code: str) -> None:
    for part, said in (
        ("scripts", catalogues.in_scripts()),
        ("pages", catalogues.in_templates()),
    ):
        known = catalogue(code, part)
        assert sorted(said - known.keys()) == [], f"{part}: python -m tests.catalogues adds them"
        assert sorted(known.keys() - said) == [], f"{part}: nobody says these any more"
        assert [text for text, other in known.items() if not other] == [], part
    assert sorted(catalogue(code, "problems").keys() - catalogues.in_problems()) == []


@OTHERS
@pytest.mark.parametrize("part", ["pages", "scripts", "problems"])
def test_a_translation_has_the_places_and_the_tags_of_what_it_translates(
    code: str, part: str
) -> None:
    for text, other in catalogue(code, part).items():
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(other)), text


def test_no_french_is_left_outside_the_catalogue_on_pages_in_other_languages() -> None:
    assert catalogues.unmarked() == []


def test_signs_of_french_stay_on_the_line_of_their_word() -> None:
    assert catalogues.parted() == []


def test_french_says_zero_in_the_singular_and_english_does_not() -> None:
    words = {
        code: [Language(code).count("réponse", "réponses", n) for n in (0, 1, 2)] for code in NAMES
    }
    assert words["fr"] == ["réponse", "réponse", "réponses"]
    assert words["en"] == ["réponses", "réponse", "réponses"]
