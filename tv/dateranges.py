"""What happens on a channel, as its playlists tell it: talks, questions being answered, polls."""

from collections.abc import Callable, Iterator, Sequence

from engagement.audience import Audience
from streaming.hls.tags import DateRange

EVERY = 0.5  # seconds: in a storm of votes the audience changes far more often
TOLD = 256  # date ranges, the newest


class DateRanges:
    """The date ranges of each channel, looked for when the audience has changed, not too often."""

    def __init__(self, audience: Audience, now: Callable[[], float]) -> None:
        self._audience = audience
        self._now = now
        self._found: dict[str, tuple[str, float, Sequence[DateRange]]] = {}

    def __call__(self, channel: str) -> Sequence[DateRange]:
        position, now = self._audience.position, self._now()
        known = self._found.get(channel)
        if known is not None:
            before, at, ranges = known
            if before == position or abs(now - at) < EVERY:
                return ranges
        ranges = date_ranges(self._audience, channel)
        self._found[channel] = position, now, ranges
        return ranges


def date_ranges(audience: Audience, channel: str) -> Sequence[DateRange]:
    """What the audience may know of, in the order of its beginning.

    An id stands for one beginning: a talk that begins anew or goes on after a slip, a question that
    is taken a second time and a poll's next round are date ranges of their own, because what was
    told under an id cannot be taken back (RFC 8216bis, 4.4.5.1).
    """
    found = sorted(_found(audience, channel), key=lambda each: each.start)
    return tuple(found[-TOLD:])


def _found(audience: Audience, channel: str) -> Iterator[DateRange]:
    talks = {talk.id for talk in audience.talks.by_id.values() if talk.channel == channel}
    for name in talks:
        talk = audience.talks.by_id[name]
        if talk.started_at is not None:
            again = f"-{talk.resumed}" if talk.resumed else ""
            beginning = f"{_milliseconds(talk.started_at)}{again}"
            span = talk.started_at, talk.ended_at
            yield _range("talk", talk.id, beginning, talk.title, *span)
    for question in audience.questions.by_id.values():
        if question.taken_at is not None and question.public and question.talk in talks:
            beginning = _milliseconds(question.taken_at)
            span = question.taken_at, question.answered_at
            yield _range("question", question.id, beginning, question.body, *span)
    for poll in audience.polls.by_id.values():
        if poll.opened_at is not None and poll.public and poll.talk in talks:
            span = poll.opened_at, poll.closed_at
            yield _range("poll", poll.id, str(poll.round), poll.prompt, *span)


def _range(
    kind: str, id: str, beginning: str, title: str, start: float, end: float | None
) -> DateRange:
    return DateRange(
        f"{kind}-{id}-{beginning}",
        f"fr.fabrique.{kind}",
        start,
        end,
        (("X-FR-FABRIQUE-ID", id), ("X-FR-FABRIQUE-TITLE", title)),
    )


def _milliseconds(time: float) -> str:
    return str(round(1000 * time))
