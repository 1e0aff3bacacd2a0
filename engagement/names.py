"""Pseudonyms that the audience may not take: those of the crew, of tables, of speakers.

People believe a message that « Régie » signs, whatever letters it is written in. A pseudonym is
therefore compared by its skeleton, the Latin letters that a reader sees (Unicode TR 39, section 4),
with a table of our own for the alphabets and signs that phones have at hand.
"""

import re
import string
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

from engagement.french import folded
from engagement.wording import LEET

WORDS = 20  # of a pseudonym that are looked at: each has a letter, and 40 characters are the most
KNOWN = 4_096  # texts whose skeleton is at hand

# Whole words; their plurals are meant, too.
_CREW = """
régie régisseur régisseuse modération modérateur modératrice moderator organisation organisateur
organisatrice organizer intervenant intervenante orateur oratrice admin administration
administrateur administratrice administrator équipe staff crew animateur animatrice animation
présentateur présentatrice hôte hôtesse host sécurité secours fabriquetv lafabrique
"""
_PLACES = "table labo lab laboratoire"
_NUMBERS = "un une deux trois quatre cinq six sept huit neuf dix onze douze"
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii"

# Capitals first: « Н » looks like H, its small letter like no Latin letter.
_LOOK_ALIKE = (
    ("АВЕЅІЈКМНОРСТУХԀԚԜҮѴГ", "abesijkmhopctyxdqwyvr"),  # Cyrillic
    ("авеѕіјкмнорстухԁԛԝһӏүѵгпи", "abesijkmhopctyxdqwhiyvrnu"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧΣ", "abezhikmnoptyxe"),  # Greek
    ("αβγεζηικμνορςστυχω", "abyeznikuvopsotuxw"),
    ("ɑəɛɡɩɪıȷøđłħŧƒɴʀɢᴀᴄᴅᴇᴊᴋʟᴍᴏᴘᴛᴜᴠᴡᴢʙʜʏꜰꜱ", "aeegiiijodihtfnrgacdejkimoptuvwzbhyfs"),
)
_SIGNS = str.maketrans("869!|+£", "bggiite")
_DECORATION = "!|+*"  # around a name, they are no letters
_WORD = re.compile(r"[a-z0-9@$€£!|+]+")
_AND_NUMBER = re.compile(r"(.*[^0-9])([0-9]{1,3})")


def is_reserved(name: str, others: Collection[str] = ()) -> bool:
    """True if a pseudonym is or contains a name of the crew or of a table, or one of `others`.

    `others` are skeletons, as `skeletons` gives them.
    """
    words = _words(name)[:WORDS]
    if len(words) == 1 and _seen(words[0]) in _PLACE:
        return True
    for first in range(len(words)):
        for last in range(first, len(words)):
            joined = "".join(words[first : last + 1])
            if _names_place("".join(words[first:last]), words[last], joined):
                return True
            for spelling in _spellings(joined):
                if spelling in _RESERVED or spelling in others:
                    return True
    return False


@lru_cache(KNOWN)
def skeletons(name: str) -> frozenset[str]:
    """The skeletons of a name of several words, in both orders; of a single word, none.

    A first name alone is everybody's.
    """
    words = _words(name)
    if len(words) < 2:
        return frozenset()
    return frozenset((_seen("".join(words)), _seen("".join(reversed(words)))))


def _words(text: str) -> list[str]:
    """The words of a text in the Latin letters that they look like."""
    apart = unicodedata.normalize("NFKD", text)
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _WORD.findall(folded(letters.translate(_LATIN)))


def _spellings(joined: str) -> Iterator[str]:
    """Possible readings of joined words: signs as letters or as decoration; without numbers."""
    for said in {
        joined,
        joined.lstrip(_DECORATION),
        joined.rstrip(_DECORATION),
        re.sub(r"[^a-z0-9]", "", joined),
        joined.strip(string.digits),
    }:
        seen = _seen(said)
        yield seen
        yield seen.removesuffix("s")


def _names_place(head: str, number: str, joined: str) -> bool:
    """True if words name a table or a laboratory: « Table 3 », « Labo n° 1 », « Table IV »."""
    numbered = _AND_NUMBER.fullmatch(joined)
    if numbered and _is_place(numbered[1]):
        return True
    return (number.isdigit() or _seen(number) in _ROMANS) and _is_place(head)


def _is_place(head: str) -> bool:
    seen = _seen(head)
    return any(seen.removesuffix(end) in _PLACE for end in ("", "n", "no", "numero"))


def _seen(word: str) -> str:
    """A word with one letter for those that look the same: I, l and 1; m and rn; w and vv."""
    letters = word.translate(LEET).translate(_SIGNS).replace("l", "i")
    return letters.replace("rn", "m").replace("vv", "w")


def _latin() -> dict[int, str]:
    found = dict[int, str]()
    for others, latin in _LOOK_ALIKE:
        found |= {ord(other): like for other, like in zip(others, latin, strict=True)}
    for first in (0x1F150, 0x1F170, 0x1F1E6):  # letters in discs, in squares, and of flags
        found |= {first + rank: like for rank, like in enumerate(string.ascii_lowercase)}
    return found


_LATIN = _latin()
_PLACE = frozenset(map(_seen, _PLACES.split()))
_ROMANS = frozenset(map(_seen, _ROMAN.split()))
_NUMBERED_PLACES = {place + _seen(number) for place in _PLACE for number in _NUMBERS.split()}
_RESERVED = frozenset(_seen(folded(word)) for word in _CREW.split()) | _NUMBERED_PLACES

__all__ = ["is_reserved", "skeletons"]
