"""What becomes of a world café: how it is planned, how its rounds go, who sits where."""

from typing import ClassVar

from engagement.cafe.session import Plan
from engagement.fold import Event, Making


class CafeMade(Making, frozen=True):
    """The crew plans a session, or a call for ideas."""

    makes: ClassVar[str] = "cafe"

    cafe: str
    plan: Plan


class CafeEvent(Event, frozen=True):
    cafe: str


class CafeChanged(CafeEvent, frozen=True):
    """It is planned anew. What has begun keeps its laboratories, its tables and the rounds that
    were, or has more: a laboratory that comes late is where the slowest of the others is."""

    plan: Plan


class CafeOpened(CafeEvent, frozen=True):
    """Its laboratories show it; a call takes ideas from now on. A laboratory has one at a time.

    One that was closed goes on where it was.
    """


class CafeClosed(CafeEvent, frozen=True):
    """It is over: what it made stays, nothing is added, its time stands still."""


class CafeRemoved(CafeEvent, frozen=True):
    """It was never meant to be; one that was opened can only be closed."""


class Driven(CafeEvent, frozen=True):
    """Root of what drives rounds, in all laboratories of a session, or in those of `labs`."""

    labs: tuple[str, ...] = ()


class RoundAdvanced(Driven, frozen=True):
    """The next step: the first round, time to move, the next round, after the last one gathering.

    With `expects` (versions of progress), only where that still stands.
    """


class RoundExtended(Driven, frozen=True, kw_only=True):
    """The step under way takes so many seconds more, or fewer."""

    seconds: float


class RoundPaused(Driven, frozen=True):
    """Its time stands still."""


class RoundResumed(Driven, frozen=True):
    """Its time goes on."""


class TableEvent(Event, frozen=True):
    """Something at a table; its id is as in `engagement.cafe.session.table_id`."""

    table: str


class SeatTaken(TableEvent, frozen=True):
    """A participant is at a table; they are at no other then.

    `kiosk`: on the table's own device, which has as many people in a round as the table has seats.
    `late`: the round for which they sat down, told by a device that could not say so then: they are
    taken in above the seats, as far as the table would have had them in all its rounds.
    """

    kiosk: bool = False
    late: int = 0


class TableHosted(TableEvent, frozen=True):
    """Somebody who stays opens the table. `by` names their pass, `name` is the one to show."""

    name: str = ""


class NotesRevealed(TableEvent, frozen=True):
    """What was noted privately in the round under way shows, and what comes from now on.

    Without it, that is so when the round is over: nothing is lost because nobody thought of it.
    """


AnyCafeEvent = (
    CafeMade
    | CafeChanged
    | CafeOpened
    | CafeClosed
    | CafeRemoved
    | RoundAdvanced
    | RoundExtended
    | RoundPaused
    | RoundResumed
    | SeatTaken
    | TableHosted
    | NotesRevealed
)
