"""What is done with a poll."""

from typing import ClassVar, Literal

import msgspec

from engagement.fold import Event, MakingInTalk

Kind = Literal["single", "multiple", "rating", "text", "words", "ranking", "dots"]
Visibility = Literal["live", "closed", "published"]
Comparison = Literal["none", "lab"]


class Option(msgspec.Struct, frozen=True):
    id: str
    text: str


class PollCreated(MakingInTalk, frozen=True):
    """A poll is drafted.

    `visibility` says from when the audience sees its results; `duration` how many seconds it will
    stay open (0: until somebody closes it); `max_choices` how many options one may choose
    (multiple), or words one may give (words). With `codes`, a ballot needs a voting code.
    """

    makes: ClassVar[str] = "poll"

    poll: str
    kind: Kind
    prompt: str
    options: tuple[Option, ...]
    visibility: Visibility = "closed"
    max_choices: int = 1
    duration: float = 0.0
    compare_by: Comparison = "none"
    codes: bool = False


class PollEvent(Event, frozen=True):
    poll: str


class PollEdited(PollEvent, frozen=True):
    """A draft changes, where there is something else than None."""

    kind: Kind | None = None
    prompt: str | None = None
    options: tuple[Option, ...] | None = None
    visibility: Visibility | None = None
    max_choices: int | None = None
    duration: float | None = None
    compare_by: Comparison | None = None
    codes: bool | None = None


class PollDeleted(PollEvent, frozen=True):
    """A draft goes."""


class PollOpened(PollEvent, frozen=True):
    """Ballots are taken for `duration` seconds; None: as the draft said; 0: until it is closed."""

    duration: float | None = None


class PollExtended(PollEvent, frozen=True):
    """It stays open so many seconds longer."""

    seconds: float


class PollClosed(PollEvent, frozen=True):
    """Ballots come too late. With `due`, only if its time is over: it may have been extended."""

    due: bool = False


class PollPublished(PollEvent, frozen=True):
    """The results go to screens, and change no more."""


class PollReopened(PollEvent, frozen=True):
    """A new round begins, with no ballots; those of the last one are kept apart."""

    duration: float | None = None


class MoreTimeAsked(PollEvent, frozen=True):
    """A participant needs longer than others: their ballot is taken for a while after the end."""


class BallotCast(PollEvent, frozen=True):
    """A participant votes, or votes anew: the last ballot of a round counts.

    `choices` are ids of options: in their order of preference for a ranking, each as often as it
    got a dot for dots. `texts` are what they wrote instead; none: it was blanked. `lab` is theirs
    when the poll compares labs. `code` is the digest of their voting code when the poll asks for
    one; it says nothing of who has that code.
    """

    personal: ClassVar[tuple[str, ...]] = ("texts",)

    round: int
    choices: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    lab: str = ""
    code: str = ""


class BurstSetAside(PollEvent, frozen=True):
    """Ballots of new devices of a network count no more in a round, nor those to come."""

    round: int
    network: str


class BurstCounted(PollEvent, frozen=True):
    """The ballots of a burst count again."""

    round: int
    network: str


class AnswerEvent(PollEvent, frozen=True):
    answer: str


class AnswerApproved(AnswerEvent, frozen=True):
    """Everybody may read it."""


class AnswerRejected(AnswerEvent, frozen=True):
    """Nobody but the crew reads it."""


class WordHidden(PollEvent, frozen=True):
    """A word is no longer shown, however often it is given; or, with False, is shown again."""

    word: str
    hidden: bool = True


AnyPollEvent = (
    PollCreated
    | PollEdited
    | PollDeleted
    | PollOpened
    | PollExtended
    | PollClosed
    | PollPublished
    | PollReopened
    | MoreTimeAsked
    | BallotCast
    | BurstSetAside
    | BurstCounted
    | AnswerApproved
    | AnswerRejected
    | WordHidden
)
