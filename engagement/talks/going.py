"""How a talk goes: it starts, ends, and becomes a replay."""

from collections.abc import Collection

from msgspec.structs import replace

from engagement.fold import Reason
from engagement.talks.events import (
    Step,
    TalkEnded,
    TalkPublished,
    TalkResumed,
    TalkStarted,
    TalkTrimmed,
    TalkUnpublished,
)
from engagement.talks.talk import LONGEST, Talk

RESUME_WITHIN = 120.0  # seconds after a talk was ended by mistake
MARGIN = 600.0  # seconds that marks may lie outside the talk: somebody was late to press a button


def gone_on(talk: Talk, event: Step, others: Collection[Talk]) -> Talk | Reason:
    """The talk after a step, or why it cannot be taken; `others` are all talks."""
    match event, talk.state:
        case TalkStarted(at=at), state if state == "scheduled" or (
            talk.standing and state != "live"
        ):
            if live_on(talk.channel, others):
                return Reason.CHANNEL_BUSY
            return replace(talk.untrimmed, state="live", started_at=at, reviewed=False, resumed=0)
        case TalkEnded(at=at), "live":
            return replace(talk, state="ended", ended_at=at)
        case TalkResumed(at=at), "ended":
            if at - (talk.ended_at or 0.0) > RESUME_WITHIN:
                return Reason.TOO_LATE
            if live_on(talk.channel, others):
                return Reason.CHANNEL_BUSY
            return replace(talk.untrimmed, state="live", resumed=talk.resumed + 1)
        case TalkPublished(consent=consent, reviewed=reviewed), "ended":
            if not consent:
                return Reason.NO_CONSENT
            if talk.marks is None:
                return Reason.WRONG_STATE  # there is nothing to publish: it was not to be recorded
            return replace(talk, state="replay", reviewed=reviewed)
        case TalkUnpublished(), "replay":
            return replace(talk, state="ended")
        case TalkTrimmed(start=start, end=end), "ended" | "replay":
            trimmed = replace(talk, trim_start=start, trim_end=end)
            return trimmed if _fits(trimmed, others) else Reason.WRONG_MARKS
    return Reason.WRONG_STATE


def live_on(channel: str, talks: Collection[Talk]) -> Talk | None:
    """The talk that is live on a channel, if one is. Rooms without a channel do not meet."""
    if not channel:
        return None
    live = (talk for talk in talks if talk.state == "live")
    return next((talk for talk in live if talk.channel == channel), None)


def _fits(talk: Talk, others: Collection[Talk]) -> bool:
    """Whether its marks are in order, near the talk, and outside every other on the channel."""
    if talk.span is None or talk.started_at is None or talk.ended_at is None:
        return False
    start, end = talk.span
    near = talk.started_at - MARGIN <= start and end <= talk.ended_at + MARGIN
    return near and 0 < end - start <= LONGEST and not _meets(talk, start, end, others)


def _meets(talk: Talk, start: float, end: float, others: Collection[Talk]) -> bool:
    """Whether another talk of its channel was on between two times."""
    return any(
        other.channel == talk.channel
        and other.id != talk.id
        and other.started_at is not None
        and other.started_at < end
        and (other.ended_at is None or other.ended_at > start)
        for other in others
    )
