"""Talks: scheduled, live, ended, then a replay."""

from engagement.talks.events import (
    AnyTalkEvent,
    ScheduleImported,
    TalkCancelled,
    TalkCreated,
    TalkEdited,
    TalkEnded,
    TalkEvent,
    TalkPublished,
    TalkRecorded,
    TalkRemoved,
    TalkRestored,
    TalkResumed,
    TalkStarted,
    TalkState,
    TalkTrimmed,
    TalkUnpublished,
)
from engagement.talks.fold import Talks
from engagement.talks.going import MARGIN, RESUME_WITHIN
from engagement.talks.talk import DIRECT, LONGEST, TALKS, Schedule, Talk

__all__ = [
    "DIRECT",
    "LONGEST",
    "MARGIN",
    "RESUME_WITHIN",
    "TALKS",
    "AnyTalkEvent",
    "Schedule",
    "ScheduleImported",
    "Talk",
    "TalkCancelled",
    "TalkCreated",
    "TalkEdited",
    "TalkEnded",
    "TalkEvent",
    "TalkPublished",
    "TalkRecorded",
    "TalkRemoved",
    "TalkRestored",
    "TalkResumed",
    "TalkStarted",
    "TalkState",
    "TalkTrimmed",
    "TalkUnpublished",
    "Talks",
]
