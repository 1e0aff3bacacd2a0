"""How French words sound, roughly, and how unlike two sounds are.

Enough to tell that « biaires » is near « bailleurs » and that « empeillés » says « impayés »; not a
pronouncing dictionary. One character is one sound, as in SAMPA for French (Wells, 1997) save for
the nasals A (dans), I (vin, brun) and O (bon), and for N (agneau) and @ (le).
"""

import re
from functools import lru_cache
from string import ascii_uppercase

from captions.wording.rewriting import composed

_V = "aeiouyàâäéèêëîïôöùûüœæ"  # letters of vowels
_F = "eiyéèêëîï"  # those before which « c » and « g » are soft
# Letters and their sound. At each place the first that fits counts; `$` is the word's end.
_SOUNDS: tuple[tuple[str, str], ...] = (
    (r"a(?=ill|ils?$)", "a"),  # travail, bailleur
    (r"e(?=ill|ils?$|x)", "E"),  # conseil, examen
    (r"(?:eu|œu|ue|œ)(?=ill|ils?$)", "2"),  # fauteuil, feuille
    (r"ou(?=ill)", "u"),  # bouillir
    (rf"(?<=[{_V}])il(?:le)?s?$|(?<=[{_V}])ill(?=[{_V}])", "j"),
    (rf"ill(?=[{_V}])", "ij"),  # famille
    (r"tion(?=s?$)|tion(?=n)", "sjO"),
    (r"ium$", "jom"),
    (r"(?<=..)um$", "om"),  # forum
    (r"ments?$", "mA"),
    (r"(?<=[^aeiou])ents?$", "A"),
    (r"(?<=..)(?:er|ez|ées?|és|ers)$", "e"),
    (r"et(?:s|te|tes)?$", "E"),
    (r"er(?=[^aeiouyéèê])|er$", "ER"),
    (r"es?$", ""),
    (rf"eux?(?=$)|(?:œu|eu)(?![{_V}])|œ", "2"),
    (r"eau|au", "o"),
    (rf"(?:ain|ein|aim|in|im|yn|ym|un|um)(?![{_V}nmh])", "I"),
    (rf"(?<=[ié])en(?![{_V}nmh])", "I"),
    (rf"oin(?![{_V}nm])", "wI"),
    (rf"(?:an|am|en|em|aen)(?![{_V}nmh])", "A"),
    (rf"(?:on|om)(?![{_V}nmh])", "O"),
    (r"em(?=m)|en(?=n)", "E"),
    (rf"oy(?=[{_V}])", "waj"),
    (rf"ay(?=[{_V}])", "Ej"),
    (r"o[iîy]", "wa"),
    (rf"ou(?=[{_V}])", "w"),
    (r"ou|où|oû", "u"),
    (r"ai|aî|ei|ay|ey|è|ê|ë", "E"),
    (r"é", "e"),
    (rf"e(?=([^{_V}])\1|[^{_V}h][^{_V}rlh])", "E"),
    (r"e", "@"),
    (rf"[iïy](?=[{_V}])", "j"),
    (r"[iîïy]", "i"),
    (r"[aàâä]|æ", "a"),
    (r"[oôö]", "o"),
    (r"[uùûü]", "y"),
    (r"cz", "tS"),  # Kaczmarek
    (r"sch|sz", "S"),
    (r"chr", "kR"),
    (r"ch|sh", "S"),
    (r"ph", "f"),
    (rf"gn(?=[{_V}])", "N"),
    (r"qu|q", "k"),
    (rf"gu(?=[{_F}])", "g"),
    (r"ge(?=[aouâô])", "Z"),
    (rf"g(?=[{_F}])|j", "Z"),
    (rf"cc(?=[{_F}])", "ks"),
    (rf"sc(?=[{_F}])|c(?=[{_F}])|ç", "s"),
    (r"cc|ck|c|k", "k"),
    (r"(?:[dtpgsxz]|ct)s?$", ""),  # not heard
    (rf"(?<=[{_V}])s(?=[{_V}])", "z"),
    (rf"(?<=e)x(?=[{_V}])", "gz"),
    (r"x", "ks"),
    (r"h", ""),
    (r"([bdfglmnprstvz])\1", "="),  # two are heard as one
    (r"r", "R"),
    (r"[bdfglmnpstvwz]", "="),
)
_PATTERNS = tuple((re.compile(letters), sound) for letters, sound in _SOUNDS)
_NAMES = (
    "a be se de 2 Ef Ze aS i Zi ka El Em En o pe ky ER Es te y ve dublve iks igREk zEd"  # A to Z
)
_LETTERS = dict(zip(ascii_uppercase, _NAMES.split(), strict=True))

# How unlike two sounds are that the ear confuses.
_NEAR: dict[frozenset[str], float] = {
    frozenset(pair): apart
    for apart, pairs in (
        (0.2, "eE 2@"),
        (0.4, "ij wu yu iy eI EI AI AO 2E 2o ou e@ E@ pb td kg fv sz SZ"),
        (0.6, "aA oO aE a2 Oa ei y2 sS zZ mn nN bm dn lR jl jR jZ"),
    )
    for pair in pairs.split()
}
VOWELS = frozenset("aeEiouy2@AIOjw")  # and what is nearly one: one says « l’oiseau »
_VOWELS = VOWELS - {"j", "w"}
_FAINT = {"@": 0.2, "j": 0.5, "w": 0.5, "R": 0.7, "l": 0.7}


@lru_cache(maxsize=4096)
def sounds(word: str) -> str:
    """How a word without marks is said; what is not French letters stands for itself."""
    if len(word) > 1 and word.isupper() and not _pronounceable(word):
        return "".join(_LETTERS.get(letter, letter) for letter in word)
    text, said, position = composed(word.lower()), "", 0
    while position < len(text):
        for pattern, sound in _PATTERNS:
            if match := pattern.match(text, position):
                said += text[position] if sound == "=" else sound
                position = match.end()
                break
        else:
            said += text[position]
            position += 1
    return said


def _pronounceable(acronym: str) -> bool:
    """Whether it is read as a word: CAF, but not HLM or APL."""
    return bool(re.fullmatch(r"[^AEIOUY]?(?:[AEIOUY][^AEIOUY])+[AEIOUY]?", acronym)) and (
        len(acronym) > 2 and acronym[0] not in "AEIOUY"
    )


def unlike(one: str, other: str, limit: float) -> float:
    """Levenshtein's distance of two strings of sounds, weighted; beyond `limit` only that it is."""
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _weight(sound))
    for sound in one:
        weight = _weight(sound)
        before, row = row, [row[0] + weight]
        for column, against in enumerate(other):
            row.append(
                min(
                    before[column] + _apart(sound, against),
                    before[column + 1] + weight,
                    row[column] + _weight(against),
                )
            )
        if min(row) > limit:
            return limit + 1.0
    return row[-1]


def _weight(sound: str) -> float:
    """What one sound too few or too many costs: consonants tell words apart."""
    return _FAINT.get(sound, 1.0 if sound in _VOWELS else 1.5)


def _apart(one: str, other: str) -> float:
    if one == other:
        return 0.0
    near = _NEAR.get(frozenset((one, other)))
    if near is not None:
        return near
    both = (one in _VOWELS) + (other in _VOWELS)
    return (1.5, 2.0, 1.0)[both]
