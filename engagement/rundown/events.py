"""What is done to the rundown, and to the screens as a whole."""

from typing import ClassVar

from engagement.fold import Event, Making
from engagement.rundown.entry import Content, Kind


class EntryAdded(Making, frozen=True):
    """An item joins the rundown, at its end. `shows`: the id of what it is about, if it is."""

    makes: ClassVar[str] = "entry"

    entry: str
    kind: Kind
    content: Content
    shows: str = ""


class EntryEvent(Event, frozen=True):
    entry: str


class EntryEdited(EntryEvent, frozen=True):
    """It says something else, or goes elsewhere, at once if it is on air."""

    content: Content


class EntryMoved(EntryEvent, frozen=True):
    """It comes before another, or at the end."""

    before: str = ""


class EntryPreviewed(EntryEvent, frozen=True):
    """It is looked at before it is taken; the one that was goes back to the line."""


class EntryTaken(EntryEvent, frozen=True):
    """It goes on air, in the place of what is there."""


class EntryOff(EntryEvent, frozen=True):
    """It goes off air, or out of the preview; if `ends_at` says when, only if it is to end then."""

    ends_at: float | None = None


class EntryDeleted(EntryEvent, frozen=True):
    """It leaves the rundown; what is on air must go off first."""


class ScreensCleared(Event, frozen=True):
    """« Vider les écrans » : nothing is on air anywhere, whatever it was."""


class ScreensRestored(Event, frozen=True):
    """« Rétablir » : what was cleared is back, unless something else is in its place."""


AnyEntryEvent = EntryEdited | EntryMoved | EntryPreviewed | EntryTaken | EntryOff | EntryDeleted
AnyRundownEvent = EntryAdded | AnyEntryEvent | ScreensCleared | ScreensRestored
