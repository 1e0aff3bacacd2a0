"""Talks: scheduled, live, ended, then a replay."""

from typing import Literal

from msgspec.structs import replace

from engagement.fold import Accepted, Event, Item, Outcome, Reason, Refused, outdated

RESUME_WITHIN = 120.0  # seconds after a talk was ended by mistake

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


class TalkCancelled(TalkEvent, frozen=True):
    """The talk will not take place."""


AnyTalkEvent = TalkStarted | TalkEnded | TalkResumed | TalkPublished | TalkCancelled


class Talk(Item, frozen=True, kw_only=True):
    """An item of the schedule. A `standing` one, there without a schedule, can start again."""

    channel: str
    title: str
    speakers: tuple[str, ...] = ()
    state: TalkState = "scheduled"
    started_at: float | None = None
    ended_at: float | None = None
    reviewed: bool = False
    standing: bool = False

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
                return replace(talk, state="live", started_at=at, ended_at=None, reviewed=False)
            case TalkEnded(at=at), "live":
                return replace(talk, state="ended", ended_at=at)
            case TalkResumed(at=at), "ended":
                if at - (talk.ended_at or 0.0) > RESUME_WITHIN:
                    return Reason.TOO_LATE
                if self._busy(talk.channel):
                    return Reason.CHANNEL_BUSY
                return replace(talk, state="live", ended_at=None)
            case TalkPublished(consent=consent, reviewed=reviewed), "ended":
                if not consent:
                    return Reason.NO_CONSENT
                return replace(talk, state="replay", reviewed=reviewed)
            case TalkCancelled(), "scheduled":
                return replace(talk, state="cancelled")
        return Reason.WRONG_STATE

    def _busy(self, channel: str) -> bool:
        return any(talk.channel == channel and talk.state == "live" for talk in self.by_id.values())
