"""Who of the crew looks at which question: so that two do not read the same one."""

from engagement.fold import Accepted, Item, Outcome, Reason, Refused, View
from engagement.questions.events import ReadingBegun, ReadingEnded

LEASE = 60.0  # seconds for which a look at a question is told to others


class Reading(Item, frozen=True, kw_only=True):
    """Who looks at a question, until when; `by` is "" when nobody does any more.

    `id` is the question's. It is a notice, not a lock: whoever acts is not hindered by it.
    """

    talk: str
    by: str = ""
    name: str = ""
    until: float = 0.0

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.talk, ""),)

    @property
    def public(self) -> bool:
        return False

    @property
    def gone(self) -> bool:
        return not self.by


def read(
    position: str, before: Reading | None, talk: str, event: ReadingBegun | ReadingEnded
) -> Outcome:
    """What a look, or its end, makes of the one before. Whoever came first has it."""
    if before and before.by not in ("", event.by) and event.at < before.until:
        return Refused(Reason.BEING_READ, before)
    begun = isinstance(event, ReadingBegun)
    now = Reading(
        id=event.question,
        version=position,
        talk=talk,
        by=event.by if begun else "",
        name=event.name if begun else "",
        until=event.at + LEASE if begun else 0.0,
    )
    return Accepted(now)
