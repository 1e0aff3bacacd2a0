"""Talks: scheduled, live, ended, then a replay."""

from typing import Literal

from msgspec.structs import replace

from engagement.fold import Accepted, Event, Item, Outcome, Reason, Refused, outdated

RESUME_WITHIN = 120.0  # seconds after a talk was ended by mistake
MARGIN = 600.0  # seconds that marks may lie outside the talk: somebody was late to press a button
LONGEST = 12 * 3600.0  # seconds of a replay; what a talk that nobody ended has beyond is left out

TalkState = Literal["scheduled", "live", "ended", "replay", "cancelled"]


class TalkEvent(Event, frozen=True):
    talk: str


class TalkStarted(TalkEvent, frozen=True):
    """The talk begins: its channel is its own until it ends."""


class TalkEnded(TalkEvent, frozen=True):
    """The talk ends, and with it the answer under way and its open polls."""


class TalkResumed(TalkEvent, frozen=True):
    """The end was a slip."""


class TalkPublished(TalkEvent, frozen=True):
    """The replay is open to all. `reviewed`: its captions were read over by somebody."""

    consent: bool
    reviewed: bool = False


class TalkUnpublished(TalkEvent, frozen=True):
    """The replay is for the crew alone again; to publish it anew, consent is asked for anew."""


class TalkTrimmed(TalkEvent, frozen=True):
    """The replay goes from `start` to `end`; None: from the talk's start, to its end."""

    start: float | None = None
    end: float | None = None


class TalkRecorded(TalkEvent, frozen=True):
    """Whether the talk may be recorded, from now on."""

    recorded: bool


class TalkCancelled(TalkEvent, frozen=True):
    """The talk will not take place."""


AnyTalkEvent = (
    TalkStarted
    | TalkEnded
    | TalkResumed
    | TalkPublished
    | TalkUnpublished
    | TalkTrimmed
    | TalkRecorded
    | TalkCancelled
)


class Talk(Item, frozen=True, kw_only=True):
    """An item of the schedule. A `standing` one, there without a schedule, can start again.

    `recorded` is false when its speakers do not want to be: there is no replay then.
    """

    channel: str
    title: str
    speakers: tuple[str, ...] = ()
    state: TalkState = "scheduled"
    started_at: float | None = None
    ended_at: float | None = None
    trim_start: float | None = None
    trim_end: float | None = None
    reviewed: bool = False
    recorded: bool = True
    resumed: int = 0  # how often its end was a slip
    standing: bool = False

    @property
    def marks(self) -> tuple[float, float] | None:
        """From when to when its replay goes; None while there cannot be one."""
        span = _span(self)
        if span is None or self.state not in ("ended", "replay") or not self.recorded:
            return None
        start, end = span
        return start, min(end, start + LONGEST)

    @property
    def takes_questions(self) -> bool:
        return self.state in ("scheduled", "live", "ended")


DIRECT = Talk(id="direct", channel="plateau", title="En direct du plateau", standing=True)


class Talks:
    """All talks by id."""

    def __init__(self, talks: tuple[Talk, ...] = (DIRECT,)) -> None:
        self.by_id: dict[str, Talk] = {talk.id: talk for talk in talks}

    def apply(self, position: str, event: AnyTalkEvent) -> Outcome:
        talk = self.by_id.get(event.talk)
        if talk is None:
            return Refused(Reason.UNKNOWN_TALK)
        if outdated(event, talk):
            return Refused(Reason.CHANGED, talk)
        decided = self._decide(talk, event)
        if isinstance(decided, Reason):
            return Refused(decided, talk)
        self.by_id[talk.id] = decided = replace(decided, version=position)
        return Accepted(decided)

    def _decide(self, talk: Talk, event: AnyTalkEvent) -> Talk | Reason:
        match event, talk.state:
            case TalkStarted(at=at), state if state == "scheduled" or (
                talk.standing and state != "live"
            ):
                if self._busy(talk.channel):
                    return Reason.CHANNEL_BUSY
                again = replace(_untrimmed(talk), state="live", started_at=at)
                return replace(again, reviewed=False, resumed=0)
            case TalkEnded(at=at), "live":
                return replace(talk, state="ended", ended_at=at)
            case TalkResumed(at=at), "ended":
                if at - (talk.ended_at or 0.0) > RESUME_WITHIN:
                    return Reason.TOO_LATE
                if self._busy(talk.channel):
                    return Reason.CHANNEL_BUSY
                return replace(_untrimmed(talk), state="live", resumed=talk.resumed + 1)
            case TalkPublished(consent=consent, reviewed=reviewed), "ended":
                if not consent:
                    return Reason.NO_CONSENT
                return replace(talk, state="replay", reviewed=reviewed)
            case TalkUnpublished(), "replay":
                return replace(talk, state="ended")
            case TalkTrimmed(start=start, end=end), "ended" | "replay":
                trimmed = replace(talk, trim_start=start, trim_end=end)
                return trimmed if self._fits(trimmed) else Reason.WRONG_MARKS
            case TalkRecorded(recorded=recorded), "scheduled" | "live" | "ended":
                return replace(talk, recorded=recorded)
            case TalkCancelled(), "scheduled":
                return replace(talk, state="cancelled")
        return Reason.WRONG_STATE

    def live_on(self, channel: str) -> Talk | None:
        """The talk that is live on a channel, if one is."""
        live = (talk for talk in self.by_id.values() if talk.state == "live")
        return next((talk for talk in live if talk.channel == channel), None)

    def said_on(self, channel: str, at: float) -> Talk | None:
        """The talk that was live on a channel at a time, if one was."""
        for talk in self.by_id.values():
            if talk.channel != channel or talk.started_at is None:
                continue
            if talk.started_at <= at <= (at if talk.ended_at is None else talk.ended_at):
                return talk
        return None

    def _busy(self, channel: str) -> bool:
        return self.live_on(channel) is not None

    def _fits(self, talk: Talk) -> bool:
        """Whether its marks are in order, near the talk, and outside every other on the channel."""
        span = _span(talk)
        if span is None or talk.started_at is None or talk.ended_at is None:
            return False
        start, end = span
        near = talk.started_at - MARGIN <= start and end <= talk.ended_at + MARGIN
        return near and 0 < end - start <= LONGEST and not self._meets(talk, start, end)

    def _meets(self, talk: Talk, start: float, end: float) -> bool:
        """Whether another talk of its channel was on between two times."""
        return any(
            other.channel == talk.channel
            and other.id != talk.id
            and other.started_at is not None
            and other.started_at < end
            and (other.ended_at is None or other.ended_at > start)
            for other in self.by_id.values()
        )


def _untrimmed(talk: Talk) -> Talk:
    """It goes on, or begins anew: the marks of its replay were for what had been."""
    return replace(talk, ended_at=None, trim_start=None, trim_end=None)


def _span(talk: Talk) -> tuple[float, float] | None:
    """Its start and end, or those that it was trimmed to."""
    if talk.started_at is None or talk.ended_at is None:
        return None
    return (
        talk.started_at if talk.trim_start is None else talk.trim_start,
        talk.ended_at if talk.trim_end is None else talk.trim_end,
    )
