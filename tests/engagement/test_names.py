"""Pseudonyms that stand for the crew are refused in any letters; those of people are not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.names import is_reserved, skeletons

RESERVED = (
    *("Régie", "La régie", "Modération", "Modérateur", "Modératrices", "Organisation"),
    *("Organisateur", "Fabrique TV", "La Fabrique TV", "Intervenante", "Admin", "Administration"),
    *("Équipe", "Animateurs", "Présentateur", "Hôte", "Régie officielle", "Modérateur n° 2"),
    *("Table 3", "Table n° 3", "Table trois", "Labo 1", "Labo Deux", "Table 1, Labo Deux"),
)
PEOPLE = (
    *("Régis", "Modeste", "Organa", "Admir", "Tablier", "René-Gilles", "Labouret", "Labov"),
    *("Anne-Marie", "Jean Petit", "Léa 75", "O’Neil", "Hosteau", "Élodie !", "Bernard", "Zoë"),
    *("Équipier", "Table ronde", "Moderne", "Stella", "Ali", "Мария", "Γιώργος", "陳", "L.", "3"),
)
# Characters that look like each letter.
ALIKE = {
    "a": "аα@4ᴀ",
    "b": "Ββ8",
    "c": "сС",
    "d": "ԁᴅ",
    "e": "еεЕΕ3€",
    "f": "ꜰƒ",
    "g": "ɡɢ9",
    "h": "һΗН",
    "i": "іιІ1!ı",
    "l": "ӏ1Ιʟ",
    "m": "мМΜ",
    "n": "пηΝ",
    "o": "оοО0",
    "p": "рρРΡ",
    "q": "ԛ",
    "r": "гʀ",
    "s": "ѕЅ5$",
    "t": "тτΤ7+",
    "u": "υᴜ",
    "v": "ѵνᴠ",
    "x": "хχ",
    "y": "уγΥ",
    "z": "ζΖ",
}
BETWEEN = ("", "", "", " ", "\u200b", ".", "-", "_", "\u00a0", "·")


@st.composite
def look_alikes(draw: st.DrawFn, name: str) -> str:
    """A name as somebody writes it who wants to be taken for it."""
    letters = list[str]()
    for letter in unicodedata.normalize("NFD", name):
        plain = letter.lower()
        styled = [letter, letter.upper(), letter.swapcase(), *ALIKE.get(plain, "")]
        if plain.isascii() and plain.isalpha():
            rank = ord(plain) - ord("a")
            styled += [chr(0xFF41 + rank), chr(0x1D41A + rank), chr(0x24D0 + rank)]
            styled += [chr(0x1F170 + rank), letter + "\u0301"]
        letters.append(draw(st.sampled_from(styled)))
    between = draw(st.sampled_from(BETWEEN))
    return between.join(letters)


@pytest.mark.parametrize("name", RESERVED)
@given(data=st.data())
def test_names_of_the_crew_are_refused_in_letters_that_look_the_same(
    name: str, data: st.DataObject
) -> None:
    assert is_reserved(data.draw(look_alikes(name)))


@given(st.sampled_from(RESERVED), st.sampled_from(PEOPLE))
def test_name_of_the_crew_is_found_beside_another(reserved: str, name: str) -> None:
    assert is_reserved(f"{name}, {reserved}")
    assert is_reserved(f"{reserved} {name}")


@given(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3))
def test_names_of_people_are_theirs(names: list[str]) -> None:
    assert not is_reserved(" ".join(names))


def test_speaker_has_their_whole_name_alone() -> None:
    speaker = skeletons("Marie Dupont")
    for taken in ("Marie Dupont", "DUPONT Marie", "Mаrie Dup0nt", "marie.dupont"):
        assert is_reserved(taken, speaker), taken
    for free in ("Marie", "Dupont", "Marie D.", "Marie Dupontel"):
        assert not is_reserved(free, speaker), free
    assert not is_reserved("Ann", skeletons("Ann"))
