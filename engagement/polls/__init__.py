"""Polls: a question to the whole audience, in rounds that never mix."""

from engagement.polls.events import (
    AnswerApproved,
    AnswerRejected,
    AnyPollEvent,
    BallotCast,
    Comparison,
    Kind,
    MoreTimeAsked,
    Option,
    PollClosed,
    PollCreated,
    PollDeleted,
    PollEdited,
    PollExtended,
    PollOpened,
    PollPublished,
    PollReopened,
    Visibility,
    WordHidden,
)
from engagement.polls.fold import Polls
from engagement.polls.poll import Answer, Ballot, Poll, PollState, Results
from engagement.polls.shape import DOTS, OPTIONS, RANKED, SCALES, WRITTEN, unfit, unfit_ballot
from engagement.polls.tally import LabCounts, compared
from engagement.polls.words import Word

__all__ = [
    "DOTS",
    "OPTIONS",
    "RANKED",
    "SCALES",
    "WRITTEN",
    "Answer",
    "AnswerApproved",
    "AnswerRejected",
    "AnyPollEvent",
    "Ballot",
    "BallotCast",
    "Comparison",
    "Kind",
    "LabCounts",
    "MoreTimeAsked",
    "Option",
    "Poll",
    "PollClosed",
    "PollCreated",
    "PollDeleted",
    "PollEdited",
    "PollExtended",
    "PollOpened",
    "PollPublished",
    "PollReopened",
    "PollState",
    "Polls",
    "Results",
    "Visibility",
    "Word",
    "WordHidden",
    "compared",
    "unfit",
    "unfit_ballot",
]
