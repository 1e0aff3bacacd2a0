"""All that is written of captions, folded: what each channel's cues say now, and who writes them.

What is heard, the rules, and people's acts come as events, in one order; the same events give the
same everywhere.
"""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from captions.cues import Cue, shared
from captions.wording import rules
from captions.wording.edited import Edited, SavedEdited
from captions.wording.events import (
    AnyCaptionAct,
    CaptionsReleased,
    CaptionsTaken,
    CueEdited,
    CueWritten,
    GlossarySet,
    RuleAdded,
    RuleRemoved,
    Source,
    SpeakerNamed,
)
from captions.wording.rewriting import composed, pieces
from captions.wording.rules import Rule, Rules
from captions.written.transcript import Transcript

REMEMBERED = 4096  # acts whose repetition is recognised


class MadeRule(msgspec.Struct, frozen=True):
    """A rule, and who made it when."""

    rule: Rule
    at: float
    by: str


class Glossary(msgspec.Struct, frozen=True):
    """The terms of a talk (of the whole event: ""); `version` is that of its last change."""

    talk: str
    terms: tuple[str, ...] = ()
    version: str = ""


class Hold(msgspec.Struct, frozen=True):
    """A person writes the captions of `channel`: since `at`, by the act of that id.

    `by` names their pass, `name` is what people call them.
    """

    channel: str
    id: str
    at: float
    by: str
    name: str
    source: Source


class Speaking(msgspec.Struct, frozen=True):
    """Who speaks on a channel since `at`, as far as somebody said."""

    channel: str
    speaker: str = ""
    at: float = 0.0


class Reason(StrEnum):
    """Why an act had no effect."""

    UNKNOWN_CUE = "unknown-cue"
    UNKNOWN_RULE = "unknown-rule"
    CHANGED = "changed-meanwhile"
    WRONG_RULE = "wrong-rule"
    TOO_MANY_RULES = "too-many-rules"
    TAKEN = "captions-taken"
    NOT_TAKEN = "captions-not-taken"
    KEY_REUSED = "key-reused"


Item = Cue | MadeRule | Glossary | Hold | Speaking
_ITEMS: dict[str, type[Item]] = {
    each.__name__: each for each in (Cue, MadeRule, Glossary, Hold, Speaking)
}


@dataclass(frozen=True)
class Accepted:
    """The act took effect, and `item` is what it made, changed or ended."""

    item: Item


@dataclass(frozen=True)
class Refused:
    """The act had no effect; `current` is what stands in its way, if that can be shown."""

    reason: Reason
    current: Item | None = None


Outcome = Accepted | Refused


class SavedAct(msgspec.Struct, frozen=True):
    """An act that was folded, and what became of it: `item` is of the type named `kind`."""

    act: AnyCaptionAct
    reason: str = ""
    kind: str = ""
    item: bytes = b""  # msgpack


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on."""

    version: str
    rules: tuple[MadeRule, ...]
    holds: tuple[Hold, ...]
    glossaries: tuple[Glossary, ...]
    speaking: tuple[Speaking, ...]
    cues: dict[str, list[SavedEdited]]
    seen: list[SavedAct]


class Captioned:
    """The fold. `changed` are the cues that the last event changed, as (channel, cue)."""

    def __init__(self) -> None:
        self.transcripts: defaultdict[str, Transcript] = defaultdict(Transcript)
        self.rules = Rules()
        self.made_rules: dict[str, MadeRule] = {}  # by id, in the order of their making
        self.holds: dict[str, Hold] = {}  # by channel
        self.version = ""  # the position of the last event about anything but a cue that shows
        self.changed: list[tuple[str, Cue]] = []
        self._glossaries: dict[str, Glossary] = {}
        self._speaking: dict[str, Speaking] = {}
        self._cues: defaultdict[str, dict[str, Edited]] = defaultdict(dict)  # by channel and id
        self._seen: OrderedDict[str, tuple[AnyCaptionAct, Outcome]] = OrderedDict()

    def glossary(self, talk: str) -> Glossary:
        """The terms given for a talk, or with "" for the whole event."""
        return self._glossaries.get(talk, Glossary(talk))

    def speaker(self, channel: str, since: float = 0.0) -> str:
        """Who speaks on a channel now, unless that was said before `since`."""
        speaking = self._speaking.get(channel, Speaking(channel))
        return speaking.speaker if speaking.at >= since else ""

    def find(self, cue: str) -> tuple[str, Edited] | None:
        """The channel of a cue, and all that was done to it."""
        for channel, known in self._cues.items():
            if (found := known.get(cue)) is not None:
                return channel, found
        return None

    def heard(self, channel: str, start: float, end: float) -> list[Cue]:
        """The cues that show at some time within [start, end) as they were heard last."""
        known = self._cues[channel]
        return [known[cue.id].heard for cue in self.transcripts[channel].between(start, end)]

    def write(self, position: str, event: CueWritten) -> None:
        """Take what was heard; `position` begins with milliseconds of UTC, as the journal's do."""
        self.changed = []
        known = self._cues[event.channel].get(event.cue.id)
        cue = shared(event.cue, known.heard.words if known else ())
        at = int(position.partition("-")[0]) / 1000
        if known is None:
            known = self._cues[event.channel][cue.id] = Edited(cue, at, self.rules)
            self._show(event.channel, known)
        elif known.hear(cue, at, self.rules):
            self._show(event.channel, known)
            if known.shown.hidden:
                self.version = position  # the crew reads it all the same

    def apply(self, position: str, act: AnyCaptionAct) -> Outcome:
        """Fold one act in; say what became of it. An act seen before changes nothing."""
        self.changed = []
        if known := self._seen.get(act.id):
            before, outcome = known
            return outcome if replace(act, at=before.at) == before else Refused(Reason.KEY_REUSED)
        outcome = self._apply(position, act)
        self._seen[act.id] = act, outcome
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return outcome

    def saved(self) -> Saved:
        """All that it takes to go on from here."""
        return Saved(
            self.version,
            tuple(self.made_rules.values()),
            tuple(self.holds.values()),
            tuple(self._glossaries.values()),
            tuple(self._speaking.values()),
            {
                channel: [edited.saved() for edited in cues.values()]
                for channel, cues in self._cues.items()
            },
            [_saved(act, outcome) for act, outcome in self._seen.values()],
        )

    def restore(self, saved: Saved) -> None:
        """Be what was saved."""
        self.version = saved.version
        self.changed = []
        self.made_rules = {made.rule.id: made for made in saved.rules}
        self.rules = Rules(made.rule for made in self.made_rules.values())
        self.holds = {hold.channel: hold for hold in saved.holds}
        self._glossaries = {glossary.talk: glossary for glossary in saved.glossaries}
        self._speaking = {speaking.channel: speaking for speaking in saved.speaking}
        self._cues.clear()
        self.transcripts.clear()
        for channel, cues in saved.cues.items():
            for each in cues:
                self._cues[channel][each.heard.id] = Edited.restored(each)
                self.transcripts[channel].apply(each.shown)
        self._seen = OrderedDict((each.act.id, (each.act, _became(each))) for each in saved.seen)

    def _apply(self, position: str, act: AnyCaptionAct) -> Outcome:
        match act:
            case CueEdited():
                return self._edit(position, act)
            case RuleAdded() | RuleRemoved():
                outcome = self._rule(act)
            case GlossarySet():
                outcome = self._set_glossary(position, act)
            case CaptionsTaken():
                outcome = self._take(act)
            case CaptionsReleased():
                outcome = self._release(act)
            case SpeakerNamed():
                named = Speaking(act.channel, act.speaker, act.at)
                self._speaking[act.channel] = named
                outcome = Accepted(named)
        if isinstance(outcome, Accepted):
            self.version = position
        return outcome

    def _edit(self, position: str, act: CueEdited) -> Outcome:
        edited = self._cues[act.channel].get(act.cue)
        if edited is None:
            return Refused(Reason.UNKNOWN_CUE)
        if edited.outdated(act.expects):
            return Refused(Reason.CHANGED, edited.shown)
        was_hidden = edited.shown.hidden
        if edited.edit(act, self.rules):
            self._show(act.channel, edited)
            if was_hidden or edited.shown.hidden:
                self.version = position
        return Accepted(edited.shown)

    def _rule(self, act: RuleAdded | RuleRemoved) -> Outcome:
        if isinstance(act, RuleRemoved):
            made = self.made_rules.pop(act.rule, None)
            if made is None:
                return Refused(Reason.UNKNOWN_RULE)
        elif rules.refusal(act.heard, act.written) is not None:
            return Refused(Reason.WRONG_RULE)
        elif len(self.made_rules) >= rules.RULES:
            return Refused(Reason.TOO_MANY_RULES)
        else:
            made = MadeRule(Rule(act.id, act.heard, act.written), act.at, act.name or act.by)
            self.made_rules[act.id] = made
        self.rules = Rules(made.rule for made in self.made_rules.values())
        phrases = _Phrases(made.rule)
        for channel, cues in self._cues.items():
            for edited in cues.values():
                if phrases.may_concern(edited) and edited.rule(self.rules, act):
                    self._show(channel, edited)
        return Accepted(made)

    def _set_glossary(self, position: str, act: GlossarySet) -> Outcome:
        known = self.glossary(act.talk)
        if act.expects and known.version not in act.expects:
            return Refused(Reason.CHANGED, known)
        self._glossaries[act.talk] = given = Glossary(act.talk, act.terms, position)
        return Accepted(given)

    def _take(self, act: CaptionsTaken) -> Outcome:
        known = self.holds.get(act.channel)
        if known is not None and known.by != act.by and not act.over:
            return Refused(Reason.TAKEN, known)
        hold = Hold(act.channel, act.id, act.at, act.by, act.name, act.source)
        self.holds[act.channel] = hold
        return Accepted(hold)

    def _release(self, act: CaptionsReleased) -> Outcome:
        known = self.holds.get(act.channel)
        if known is None or act.taken not in ("", known.id):
            return Refused(Reason.NOT_TAKEN, known)
        return Accepted(self.holds.pop(act.channel))

    def _show(self, channel: str, edited: Edited) -> None:
        self.transcripts[channel].apply(edited.shown)
        self.changed.append((channel, edited.shown))


def _saved(act: AnyCaptionAct, outcome: Outcome) -> SavedAct:
    item = outcome.item if isinstance(outcome, Accepted) else outcome.current
    reason = outcome.reason.value if isinstance(outcome, Refused) else ""
    kind = type(item).__name__ if item is not None else ""
    return SavedAct(act, reason, kind, msgspec.msgpack.encode(item) if item is not None else b"")


def _became(saved: SavedAct) -> Outcome:
    item: Item | None = None
    if saved.kind:
        item = msgspec.msgpack.decode(saved.item, type=_ITEMS[saved.kind])
    if saved.reason or item is None:
        return Refused(Reason(saved.reason), item)
    return Accepted(item)


class _Phrases:
    """What a rule hears and writes, to pass quickly over the thousands of cues without it."""

    def __init__(self, rule: Rule) -> None:
        self._phrases = [
            tuple(piece.casefold() for piece in pieces(text)) for text in (rule.heard, rule.written)
        ]

    def may_concern(self, edited: Edited) -> bool:
        heard, shown = edited.heard.lines, edited.shown.lines
        return self._in(heard) or (shown is not heard and self._in(shown))

    def _in(self, lines: tuple[str, ...]) -> bool:
        text = composed(" ".join(lines)).casefold()
        for phrase in self._phrases:
            for piece in phrase:
                if piece not in text:
                    break
            else:
                return True
        return False
