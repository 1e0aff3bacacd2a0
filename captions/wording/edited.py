"""One cue's life: as it was heard, as the rules write it, and as people corrected it."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from captions.cues import Cue, Word, shared
from captions.hearing.agreement import key
from captions.wording import typed
from captions.wording.events import CaptionAct, CueEdited
from captions.wording.rules import Rules
from captions.written.layout import lines
from captions.written.spoken import timed

VERSIONS = 50  # kept of a cue: the first, and the newest

How = Literal["heard", "edit", "rule"]


class Version(msgspec.Struct, frozen=True):
    """What a cue said from some moment on, and who is behind that ("" for the machine)."""

    revision: int
    at: float
    how: How
    by: str
    text: str
    speaker: str
    hidden: bool


class SavedEdited(msgspec.Struct, frozen=True, omit_defaults=True):
    """An `Edited`, to be made again; its fields are those of the class."""

    heard: Cue
    shown: Cue
    history: list[Version]
    seen: dict[int, int]
    typed: tuple[Word, ...] | None = None
    under: tuple[Word, ...] = ()
    behind: tuple[Word, ...] = ()
    speaker: str | None = None
    hidden: bool | None = None


class Edited:
    """A cue and all that was done to it; `shown` is what stands, and its revision only grows.

    What stands is what was heard last, by the rules. A person's words stand in the place of those
    that they saw, for good; what is heard of the cue after these comes behind.
    """

    __slots__ = (  # there are tens of thousands
        "_behind",
        "_hidden",
        "_seen",
        "_speaker",
        "_typed",
        "_under",
        "heard",
        "history",
        "shown",
    )

    def __init__(self, heard: Cue, at: float, rules: Rules) -> None:
        self.heard = heard  # as it came, newest revision
        self.shown = heard
        self.history: list[Version] = []
        self._typed: tuple[Word, ...] | None = None
        self._under: tuple[Word, ...] = ()  # words of `heard` that the typed ones replace
        self._behind: tuple[Word, ...] = ()  # words of `heard` after these
        self._speaker: str | None = None
        self._hidden: bool | None = None
        self._seen: dict[int, int] = {}  # revision shown -> how many words of `heard` it had
        self.shown = self._composed(rules, heard.revision)
        self._seen[heard.revision] = len(heard.words)
        self._note("heard", at, "")

    def hear(self, cue: Cue, at: float, rules: Rules) -> bool:
        """Take a revision of what was heard; return whether it changed what stands."""
        if cue.revision <= self.heard.revision:
            return False
        grown = _begins(cue.words, self.heard.words)
        if not grown:
            self._seen.clear()
        if self._under and _begins(cue.words, self._under):
            self._behind = self._not_typed(cue.words[len(self._under) :])
        self.heard = cue
        changed = self._compose(rules)
        if changed:
            if grown and self.history[-1].how == "heard":
                self.history.pop()  # a cue that fills up word by word is one version
            self._note("heard", at, "")
        return changed

    def saved(self) -> SavedEdited:
        return SavedEdited(
            self.heard,
            self.shown,
            self.history,
            self._seen,
            self._typed,
            self._under,
            self._behind,
            self._speaker,
            self._hidden,
        )

    @classmethod
    def restored(cls, saved: SavedEdited) -> "Edited":
        edited = cls.__new__(cls)
        edited.heard = shared(saved.heard)
        edited.shown = shared(saved.shown, edited.heard.words)
        edited.history, edited._seen = saved.history, saved.seen
        edited._typed, edited._under, edited._behind = saved.typed, saved.under, saved.behind
        edited._speaker, edited._hidden = saved.speaker, saved.hidden
        return edited

    def outdated(self, expects: int | None) -> bool:
        """Whether who saw that revision saw other words than those heard and corrected since.

        Words that only came behind them do not count.
        """
        return expects is not None and expects not in self._seen

    def edit(self, act: CueEdited, rules: Rules) -> bool:
        """Do what a person wants who is not `outdated`; return whether it changed what stands."""
        if act.text is not None:
            seen = self.shown.revision if act.expects is None else act.expects
            covers = self._seen[seen]
            self._under = self.heard.words[:covers]
            said = replace(self.heard, words=self._under)
            self._typed = typed.during(act.text, said)
            self._behind = self._not_typed(self.heard.words[covers:]) if covers else ()
        if act.speaker is not None:
            self._speaker = act.speaker
        if act.hidden is not None:
            self._hidden = act.hidden
        before = self._seen
        self._seen = {}
        if not self._compose(rules):
            self._seen = before
            return False
        self._note("edit", act.at, act.name or act.by)
        return True

    def rule(self, rules: Rules, act: CaptionAct) -> bool:
        """Read it by other rules, which `act` made; return whether that changed what stands."""
        changed = self._compose(rules)
        if changed:
            self._note("rule", act.at, act.name or act.by)
        return changed

    def _not_typed(self, behind: tuple[Word, ...]) -> tuple[Word, ...]:
        """`behind` without what the person wrote already: words that they added at the end."""
        wrote = [key(word.text) for word in self._typed or ()]
        heard = [key(word.text) for word in behind]
        for count in range(len(wrote) - len(self._under), 0, -1):
            if wrote[-count:][: len(heard)] == heard[:count]:
                return behind[count:]
        return behind

    def _compose(self, rules: Rules) -> bool:
        known = self.shown
        shown = self._composed(rules, known.revision)
        if shown != known:
            self.shown = replace(shown, revision=known.revision + 1)
        self._seen[self.shown.revision] = len(self.heard.words)
        return shown != known

    def _composed(self, rules: Rules, revision: int) -> Cue:
        heard = self.heard
        if self._typed is None:
            said = heard.words or tuple(timed(heard))
            words = rules.rewrite(said)
            laid = heard.lines if words == said else lines(words)
            words = heard.words if words == said else words
        else:
            words = (*self._typed, *rules.rewrite(self._behind))
            laid = lines(words)
        return Cue(
            heard.id,
            revision,
            heard.start,
            heard.end,
            laid,
            words,
            heard.speaker if self._speaker is None else self._speaker,
            heard.hidden if self._hidden is None else self._hidden,
            self._typed is not None,
        )

    def _note(self, how: How, at: float, by: str) -> None:
        cue = self.shown
        text = " ".join(cue.lines)
        version = Version(cue.revision, round(at, 3), how, by, text, cue.speaker, cue.hidden)
        self.history.append(version)
        if len(self.history) > VERSIONS:
            del self.history[1]


def _begins(words: Sequence[Word], known: Sequence[Word]) -> bool:
    """Whether `words` say what `known` do, and then perhaps more."""
    return [word.text for word in words[: len(known)]] == [word.text for word in known]
