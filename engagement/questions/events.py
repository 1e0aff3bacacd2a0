"""What is done with questions, as the journal has it."""

import msgspec

from engagement.fold import Event, MakingInTalk


class Anchor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The moment that a question is about, as its author saw it, and the words they quoted."""

    media_time: float
    cues: tuple[str, ...] = ()
    quote: str = ""


class QuestionAsked(MakingInTalk, frozen=True, kw_only=True):
    """A participant asks. `published`: no moderator reads it before all others do. `table`: they
    ask for those who sit there, "" for themselves. `badge`: of who asks (tv/auth.py)."""

    personal = ("body", "author", "anchor")
    makes = "question"

    question: str
    body: str
    author: str = ""
    anchor: Anchor | None = None
    published: bool = False
    table: str = ""
    badge: str = ""


class QuestionFromRoom(MakingInTalk, frozen=True, kw_only=True):
    """Somebody in the room asks aloud, and the crew writes it down: it is on air at once."""

    personal = ("body", "author")
    makes = "question"

    question: str
    body: str
    author: str = ""
    name: str = ""


class QuestionEvent(Event, frozen=True, kw_only=True):
    """Root of what is done with a question; `name` is what people call who does it."""

    question: str
    name: str = ""


class QuestionApproved(QuestionEvent, frozen=True, kw_only=True):
    """Everybody may see and support it."""


class QuestionRejected(QuestionEvent, frozen=True, kw_only=True):
    """It will not be shown; its author sees the reason."""

    personal = ("reason",)

    reason: str = ""


class QuestionMerged(QuestionEvent, frozen=True, kw_only=True):
    """It says what `into` says: that one gains its supporters."""

    into: str


class QuestionWithdrawn(QuestionEvent, frozen=True, kw_only=True):
    """Its author takes it back."""


class QuestionRestored(QuestionEvent, frozen=True, kw_only=True):
    """A moderator undoes a rejection, a merge or an answer.

    `to_read`: it was done by mistake, to a question that was never public and waits to be read.
    """

    to_read: bool = False


class QuestionEdited(QuestionEvent, frozen=True, kw_only=True):
    """A moderator words it better before it is published. What its author wrote is kept."""

    personal = ("body",)

    body: str


class QuestionLabelled(QuestionEvent, frozen=True, kw_only=True):
    """The crew sorts it under labels, in the place of those that it had."""

    labels: tuple[str, ...] = ()


class QuestionQueued(QuestionEvent, frozen=True, kw_only=True):
    """It is to come on air in its turn: at a place from 1 on, or last."""

    place: int | None = None


class QuestionUnqueued(QuestionEvent, frozen=True, kw_only=True):
    """It waits among the others again."""


class QuestionMarked(QuestionEvent, frozen=True, kw_only=True):
    """Somebody on stage marks a moment: a network that was away brings that later."""

    pressed_at: float | None = None

    @property
    def moment(self) -> float:
        """When it was pressed: never later than it was written."""
        return self.at if self.pressed_at is None else min(self.pressed_at, self.at)


class QuestionTaken(QuestionMarked, frozen=True, kw_only=True):
    """The presenter begins to answer it, which closes the answer before.

    `queued_only`: who takes it may take those alone that have a place in the queue.
    """

    queued_only: bool = False


class QuestionReleased(QuestionEvent, frozen=True, kw_only=True):
    """It goes back to the list without an answer."""


class QuestionAnswered(QuestionMarked, frozen=True, kw_only=True):
    """The answer was given: the one that began then, if `taken_at` says when."""

    taken_at: float | None = None


class AnswerWritten(QuestionEvent, frozen=True, kw_only=True):
    """It is answered in writing; "" takes that back."""

    personal = ("answer",)

    answer: str


class SupportGiven(QuestionEvent, frozen=True, kw_only=True):
    """A participant would like it answered too."""


class SupportTakenBack(QuestionEvent, frozen=True, kw_only=True):
    """They would not any more."""


class SupportAccepted(QuestionEvent, frozen=True, kw_only=True):
    """A moderator counts the support that was set aside, and all that is to come."""


class ReadingBegun(QuestionEvent, frozen=True, kw_only=True):
    """Somebody of the crew looks at it, for a minute if they do not say so again."""


class ReadingEnded(QuestionEvent, frozen=True, kw_only=True):
    """They look elsewhere."""


AnyQuestionEvent = (
    QuestionAsked
    | QuestionFromRoom
    | QuestionApproved
    | QuestionRejected
    | QuestionMerged
    | QuestionWithdrawn
    | QuestionRestored
    | QuestionEdited
    | QuestionLabelled
    | QuestionQueued
    | QuestionUnqueued
    | QuestionTaken
    | QuestionReleased
    | QuestionAnswered
    | AnswerWritten
    | SupportGiven
    | SupportTakenBack
    | SupportAccepted
    | ReadingBegun
    | ReadingEnded
)
