"""Where French may be broken: what stays together, and how badly a break between two words reads.

After the « Charte relative à la qualité du sous-titrage » (CSA, 2011): behind punctuation, else
before a conjunction or a preposition; never between an article and its noun, a pronoun and its
verb, an auxiliary and its participle, nor within a negation.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from captions.cues import NARROW_SPACE, SPACE, SPACED
from captions.hearing.agreement import key

WIDTH = 40  # characters in a line
AIM = 37  # characters in a line, where there is a choice

STOPS, COMMAS = (".", "?", "!", "…"), (",", ";", ":")
DASHES = ("–", "—", "-")
_OPENING = {"«": NARROW_SPACE, "“": "", "(": "", "[": ""} | dict.fromkeys(DASHES, SPACE)
_CLOSING = f"»”){NARROW_SPACE}"
_LOOSE = frozenset("&+=×/*<>|#@")  # signs that are read, and stand by themselves

STOP, COMMA, OPENER, OTHER, BOUND, TIGHT = 0, 1, 2, 4, 7, 9  # what breaks cost

_OPENERS = """
    et ou mais donc or ni car que qui dont où quand lorsque comme si puisque parce alors
    à dans de du des par pour en vers avec sans sous sur chez entre depuis pendant après avant
    jusqu'à contre selon afin d qu lorsqu puisqu jusqu
"""
_BINDERS = """
    le la les l un une des du de d au aux ce c cet cette ces mon ma mes ton ta tes son sa ses notre
    nos votre vos leur leurs je j tu il elle on nous vous ils elles ne n se s me m te t y en a à
    est sont ai as avons avez ont suis es sommes êtes été était étaient avait avaient sera seront
    aura auront serait seraient aurait auraient va vont peut peuvent doit doivent faut
    pas plus très si trop tout et ou mais que qu qui dont où
    pour par dans sur avec sans sous vers chez entre chaque quel quelle quels quelles
"""
OPENERS = frozenset(_OPENERS.split())  # a break before these reads well
BINDERS = frozenset(_BINDERS.split())  # a break behind these does not
_NEGATIONS = frozenset(["pas", "jamais", "rien", "guère", "personne"])  # of « ne … pas »
_TITLES = frozenset(["M.", "MM.", "Mme", "Mmes", "Mlle", "Dr", "Pr", "Me"])


def glued(text: str) -> bool:
    """Whether it is read as one with the word before it."""
    if opening(text) or _LOOSE.issuperset(text):
        return False
    # An empty quotation « » has no word either, but its mark opens: it stays where it is.
    return text[:1] in ("-", "'", "’") or not (key(text) or text[:1] in _OPENING)


def opening(text: str) -> bool:
    """Whether it is a mark by itself that belongs to the word behind it."""
    return text in _OPENING


def units(texts: Iterable[str]) -> list[str]:
    """What a line never breaks: words with the marks before and behind them."""
    return ["".join(group) for group in groups(texts)]


def groups(texts: Iterable[str]) -> list[list[str]]:
    """The same, each as its texts, with the spaces that French wants."""
    found: list[list[str]] = []
    opened = False
    for text in texts:
        if found and opened:
            found[-1].append(_OPENING[found[-1][-1].strip()] + text)
        elif found and glued(text):
            found[-1].append(SPACED.get(text[0], "") + text)
        else:
            found.append([text])
        opened = opening(text)
    return found


def ends_sentence(unit: str) -> bool:
    return unit not in _TITLES and unit.rstrip(_CLOSING).endswith(STOPS)


def cost(before: str, after: str) -> int:
    """How badly a break between two units reads."""
    if before in _TITLES:
        return TIGHT
    if ends_sentence(before):
        return STOP
    if before.rstrip(_CLOSING).endswith(COMMAS):
        return COMMA
    if before.endswith(("'", "’")) or _parts(before)[-1] in BINDERS:
        return TIGHT
    first, last = _parts(after)[0], _parts(after)[-1]
    if before[-1:].isdigit() or last in _NEGATIONS or (after[:1].isdigit() and _capital(before)):
        return BOUND
    if first in OPENERS:
        return OPENER
    return BOUND if _capital(before) and _capital(after) else OTHER


def broken(parts: Sequence[str], width: int = WIDTH) -> tuple[str, ...]:
    """Break units into lines of at most `width`, unless a single unit is longer.

    From the top, so that a line that is full stays as it is while the text grows.
    """
    lines: list[str] = []
    while parts:
        count = _first_line(parts, width)
        lines.append(" ".join(parts[:count]))
        parts = parts[count:]
    return tuple(lines)


def halved(lengths: Sequence[int], costs: Sequence[float], width: int = WIDTH) -> tuple[int, float]:
    """(units in the first line of two, what that costs); all of them when they fit in one.

    `lengths` are those of the units, `costs` of a break behind each. Nothing fits: (0, inf).
    """
    whole = sum(lengths) + len(lengths) - 1
    if whole <= width:
        return len(lengths), max(0, whole - AIM) / 3
    best, least = 0, float("inf")
    first = -1
    for count in range(1, len(lengths)):
        first += lengths[count - 1] + 1
        second = whole - first - 1
        if first > width:
            break
        if second <= width:
            over = max(0, first - AIM) + max(0, second - AIM)
            spent = costs[count - 1] + over / 3 + abs(first - second) / 8
            if spent < least:
                best, least = count, spent
    return best, least


def balanced(parts: Sequence[str], width: int = WIDTH) -> tuple[str, ...]:
    """Break units into two even lines, one if they fit in it, more only if they must."""
    costs = [cost(*pair) for pair in pairwise(parts)]
    count, _ = halved([len(part) for part in parts], costs, width)
    if not count:
        return broken(parts, width)
    halves = (" ".join(parts[:count]), " ".join(parts[count:]))
    return halves if halves[1] else halves[:1]


def _first_line(parts: Sequence[str], width: int) -> int:
    """How many units stand in the first line."""
    fitting = length = 0
    for part in parts:
        length += len(part) + (1 if fitting else 0)
        if length > width and fitting:
            break
        fitting += 1
    if fitting == len(parts):
        return fitting
    best, least = fitting, float("inf")
    for count in range(fitting, 0, -1):
        room = width - len(" ".join(parts[:count]))
        if room > width // 2:
            break
        spent = cost(parts[count - 1], parts[count]) + room / 5
        if spent < least:
            best, least = count, spent
    return best


def _parts(unit: str) -> list[str]:
    """Its elided beginning and what follows, in lower case without marks: "Qu’il," → qu, il."""
    return [key(part) for part in unit.lower().replace("’", "'").split("'")]


def _capital(unit: str) -> bool:
    return unit[:1].isupper()
