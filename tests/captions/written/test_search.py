"""Words found whatever their accents, case and apostrophes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.written.search import LONGEST, TERMS, Found, folded, pieces, search, terms
from tests.captions.written.test_spoken import said

SENTENCES = (
    "L’école du quartier Nord est rénovée.",
    "Le cœur des quartiers, c’est l’eau.",
    "Et l’eau du Nord ?",
)


def found(query: str) -> list[tuple[int, list[str]]]:
    """Sentences by number, with the words that were asked for."""
    spoken = [said(sentence) for sentence in SENTENCES]
    return [
        (each.sentence, [spoken[each.sentence][word].text for word in each.words])
        for each in search(map(pieces, spoken), query)
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("ecole", [(0, ["L’école"])]),
        ("RÉNOVÉE", [(0, ["rénovée."])]),
        ("coeur", [(1, ["cœur"])]),
        ("eau", [(1, ["l’eau."]), (2, ["l’eau"])]),
        ("l'eau", [(1, ["l’eau."]), (2, ["l’eau"])]),
        ("quartier", [(0, ["quartier"]), (1, ["quartiers,"])]),
        ("nord eau", [(2, ["l’eau", "Nord"])]),
        ("«\u00a0quartier nord\u00a0»", [(0, ["quartier", "Nord"])]),
        ('"nord quartier"', []),
        ('"du nord', [(2, ["du", "Nord"])]),
        ("artier", []),
        ("", []),
        ("’ ?!", []),
        ("absent", []),
    ],
)
def test_words_are_found(query: str, wanted: list[tuple[int, list[str]]]) -> None:
    assert found(query) == wanted


def test_query_is_bounded() -> None:
    assert len(terms(" ".join(map(str, range(50))))) == TERMS
    assert terms("a" * 10 * LONGEST) == (("a" * LONGEST,),)


@given(st.text(max_size=300))
def test_any_query_is_answered(query: str) -> None:
    for each in search([pieces(said(sentence)) for sentence in SENTENCES], query):
        assert isinstance(each, Found)
        assert each.words


@given(st.integers(0, 2), st.data())
def test_every_word_finds_itself(number: int, data: st.DataObject) -> None:
    words = SENTENCES[number].split(" ")
    index = data.draw(st.integers(0, len(words) - 1))
    if terms(words[index]):
        assert (number, words[index]) in [
            (sentence, word) for sentence, group in found(words[index]) for word in group
        ]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
