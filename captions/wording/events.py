"""What the journal says of captions: cues as they are written, and what people do about them."""

from typing import Literal

import msgspec

from captions.cues import Cue

Source = Literal["keyboard", "stream"]  # a person's own: typed in the control room, or elsewhere


class CueWritten(msgspec.Struct, frozen=True, tag=True):
    """A new cue, or a new revision of one, as it was heard (or typed in the place of that)."""

    channel: str
    cue: Cue


class CaptionAct(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Root of what people do.

    `id` is the event's own: seen again, it is the same act, sent twice. `at` is broadcast time.
    `by` names the pass of who acts, `name` is what that person is called, if the pass says so.
    """

    id: str
    at: float
    by: str
    name: str = ""


class CueEdited(CaptionAct, frozen=True):
    """A person corrects a cue; None leaves as is.

    `expects` is the revision they saw. What was heard since stands behind their words; what other
    people changed since makes this act void. A person's words are never replaced by heard ones.
    """

    channel: str
    cue: str
    expects: int | None = None
    text: str | None = None
    speaker: str | None = None
    hidden: bool | None = None


class RuleAdded(CaptionAct, frozen=True):
    """« Remplacer toujours »: in what is written already and in all that follows.

    The event's id is the rule's.
    """

    heard: str
    written: str


class RuleRemoved(CaptionAct, frozen=True):
    """A rule is no more."""

    rule: str


class GlossarySet(CaptionAct, frozen=True):
    """The terms of a talk, or of the whole event where `talk` is ""; they replace those before.

    With `expects`, only while the glossary has one of those versions.
    """

    talk: str
    terms: tuple[str, ...]
    expects: tuple[str, ...] = ()


class CaptionsTaken(CaptionAct, frozen=True):
    """A person writes a channel's captions from now on, and the machine rests.

    Who holds it already takes it again, with another id; `over` takes it from whoever holds it.
    """

    channel: str
    source: Source
    over: bool = False


class CaptionsReleased(CaptionAct, frozen=True):
    """The machine goes on. With `taken`, only while the channel is held by that event's act."""

    channel: str
    taken: str = ""


class SpeakerNamed(CaptionAct, frozen=True):
    """Who speaks on a channel from now on; "" when nobody knows."""

    channel: str
    speaker: str


AnyCaptionAct = (
    CueEdited
    | RuleAdded
    | RuleRemoved
    | GlossarySet
    | CaptionsTaken
    | CaptionsReleased
    | SpeakerNamed
)
AnyCaptionEvent = CueWritten | AnyCaptionAct
