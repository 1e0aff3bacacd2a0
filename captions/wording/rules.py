"""« Remplacer toujours » : phrases that a person wants written otherwise, wherever they are heard.

A rule matches whole words. Capitals make no difference, and neither do an apostrophe's shape, or a
hyphen where a space could stand; accents do (« cote » is not « côté »). A comma or a full stop
within breaks a phrase. The longest phrase wins, then the newest rule. What is written keeps a
capital that began the sentence.
"""

from collections.abc import Iterable, Sequence

import msgspec

from captions.cues import Word
from captions.wording.rewriting import (
    Exchange,
    Fragment,
    composed,
    ended,
    exchanged,
    fragments,
    pieces,
)

LONGEST = 80  # characters of what is heard, and of what is written
PHRASE = 8  # fragments of what is heard
RULES = 200  # that count: the newest
PASSES = 3  # a rule's words may be another's; two that contradict each other come to an end

Phrase = tuple[str, ...]


class Rule(msgspec.Struct, frozen=True):
    """Write `written` wherever `heard` is heard."""

    id: str
    heard: str
    written: str


def refusal(heard: str, written: str) -> str | None:
    """Why this cannot be a rule, in French, or None."""
    if len(heard) > LONGEST or len(written) > LONGEST:
        return f"Une règle va jusqu’à {LONGEST} caractères de chaque côté."
    if not pieces(heard):
        return "Indiquez le mot entendu."
    if not pieces(written):
        return "Indiquez le mot à écrire."
    if len(pieces(heard)) > PHRASE:
        return f"Une règle remplace jusqu’à {PHRASE} mots."
    if " ".join(heard.split()) == " ".join(written.split()):
        return "Les deux côtés de la règle sont les mêmes."
    return None


class Rules:
    """Rules in the order in which they were made. Those that `refusal` refuses do nothing."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._by_first: dict[str, list[tuple[Phrase, Rule, Phrase]]] = {}
        newest = list(rules)[-RULES:]
        for rule in reversed(newest):
            if refusal(rule.heard, rule.written) is None:
                phrase, written = _phrase(rule.heard), _phrase(rule.written)
                self._by_first.setdefault(phrase[0], []).append((phrase, rule, written))
        for same in self._by_first.values():
            same.sort(key=lambda entry: -len(entry[0]))  # stable: the newest stays in front

    def rewrite(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """`words` as the rules want them; to do it again changes nothing more."""
        now = tuple(words)
        for _ in range(PASSES):
            found = fragments(now)
            before, now = now, exchanged(now, found, self._find(found))
            if now == before:
                break
        return now

    def begun(self, words: Sequence[Word], before: int) -> int:
        found = fragments(words)
        keys = [_key(fragment.text) for fragment in found]
        position = 0
        while position < len(found) and found[position].word < before:
            following = position + 1
            for phrase, _, _ in self._by_first.get(keys[position], ()):
                last = min(position + len(phrase), len(found))
                if _unbroken(found, keys, position, last) != phrase[: last - position]:
                    continue
                whole = last - position == len(phrase)
                if found[last - 1].word >= before or not (whole or ended(words)):
                    return before - found[position].word
                if whole:
                    following = last
                    break
            position = following
        return 0

    def _find(self, found: Sequence[Fragment]) -> list[Exchange]:
        keys = [_key(fragment.text) for fragment in found]
        exchanges: list[Exchange] = []
        position = 0
        while position < len(found):
            for phrase, rule, written in self._by_first.get(keys[position], ()):
                last = position + len(phrase)
                if _unbroken(found, keys, position, last) != phrase:
                    continue
                if not _stands(keys, position, phrase, written):
                    exchanges.append(Exchange(position, last, " ".join(rule.written.split())))
                position = last
                break
            else:
                position += 1
        return exchanges


def _key(text: str) -> str:
    return composed(text).casefold()


def _phrase(text: str) -> Phrase:
    return tuple(_key(piece) for piece in pieces(text))


def _unbroken(found: Sequence[Fragment], keys: Sequence[str], first: int, last: int) -> Phrase:
    """The keys of [first, last) up to a mark that breaks the phrase."""
    for position in range(first + 1, min(last, len(found))):
        if found[position].apart:
            return tuple(keys[first:position])
    return tuple(keys[first:last])


def _stands(keys: Sequence[str], position: int, phrase: Phrase, written: Phrase) -> bool:
    """Whether what is heard here is part of what the rule writes: « Sud » in « Orly Sud »."""
    for offset in range(len(written) - len(phrase) + 1):
        begin = position - offset
        around = tuple(keys[max(0, begin) : begin + len(written)])
        inside = written[offset : offset + len(phrase)] == phrase
        if inside and len(written) > len(phrase) and around == written:
            return True
    return False
