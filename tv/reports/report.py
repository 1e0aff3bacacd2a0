"""What one tells a speaker of their talk: the questions, the votes, and what people thought of it.

Only what the audience saw is in it, and what people wrote to the speaker about the talk.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from engagement.audience import Audience
from engagement.polls import Poll
from engagement.questions import Question
from engagement.reactions import KINDS, Counts
from engagement.talks import Talk

MOST = 200  # of each kind; what is beyond is in the tables
TITLES = {"applause": "Bravo", "heart": "J’aime", "idea": "Bonne idée", "smile": "Ça fait sourire"}


@dataclass(frozen=True)
class Asked:
    """A question as the audience saw it; `at` is when its answer began, in seconds of the talk."""

    body: str
    support: int
    quote: str = ""
    answer: str = ""
    at: float | None = None


@dataclass(frozen=True)
class Voted:
    """One round of a poll: what was chosen how often, in order; for words, the most given first."""

    prompt: str
    round: int
    rounds: int
    ballots: int
    votes: tuple[tuple[str, int], ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """`figures` are pairs of a title and what it is; times of day are local."""

    event: str
    title: str
    speakers: tuple[str, ...]
    abstract: str
    when: str
    figures: tuple[tuple[str, str], ...]
    answered: tuple[Asked, ...]
    unanswered: tuple[Asked, ...]
    polls: tuple[Voted, ...]
    stars: tuple[int, ...]
    words: tuple[str, ...]


def report_of(audience: Audience, talk: Talk, event: str, zone: tzinfo) -> Report:
    """The report of a talk as things are now."""
    questions = [each for each in audience.questions.by_id.values() if each.talk == talk.id]
    answered = [each for each in questions if each.state == "answered"]
    answered.sort(key=lambda question: question.taken_at or 0.0)
    waiting = [each for each in questions if each.state in ("approved", "live")]
    waiting.sort(key=lambda question: -question.support)
    polls = [
        poll for poll in audience.polls.by_id.values() if poll.talk == talk.id and not poll.deleted
    ]
    rating = audience.ratings.by_talk.get(talk.id)
    return Report(
        event=event,
        title=talk.title,
        speakers=talk.speakers,
        abstract=talk.abstract,
        when=_when(talk, zone),
        figures=tuple(_figures(audience, talk, questions)),
        answered=tuple(_asked(each, talk) for each in answered[:MOST]),
        unanswered=tuple(_asked(each, talk) for each in waiting[:MOST]),
        polls=tuple(voted for poll in polls for voted in _rounds(audience, poll))[:MOST],
        stars=rating.counts if rating and rating.ratings else (),
        words=tuple(given.word for given in audience.ratings.words(talk.id)[:MOST]),
    )


def _figures(audience: Audience, talk: Talk, questions: list[Question]) -> list[tuple[str, str]]:
    counts = audience.questions.counts(talk.id)
    found = [
        ("Questions reçues", str(counts.received)),
        ("Publiées", str(counts.published)),
        ("Répondues", str(counts.answered)),
        ("Soutiens", str(sum(each.support for each in questions if each.public))),
    ]
    if reaction := audience.reactions.by_talk.get(talk.id):
        found += [(TITLES[kind], str(number)) for kind, number in _kinds(reaction.total) if number]
    rating = audience.ratings.by_talk.get(talk.id)
    if rating and rating.mean is not None:
        found.append(("Avis", f"{rating.mean:.1f} / 5".replace(".", ",")))
    return found


def _kinds(counts: Counts) -> list[tuple[str, int]]:
    return [(kind, getattr(counts, kind)) for kind in KINDS]


def _asked(question: Question, talk: Talk) -> Asked:
    begun = question.taken_at is not None and talk.started_at is not None
    return Asked(
        body=question.body,
        support=question.support,
        quote=question.quoted,
        answer=question.answer,
        at=(question.taken_at or 0.0) - (talk.started_at or 0.0) if begun else None,
    )


def _rounds(audience: Audience, poll: Poll) -> list[Voted]:
    found: list[Voted] = []
    for round in range(1, poll.round + 1):
        results = audience.polls.results(poll.id, round)
        if results is None or not poll.round_public(round):
            continue
        votes = [
            (option.text, number)
            for option, number in zip(poll.options, results.counts, strict=True)
        ]
        votes += [(word.text, word.votes) for word in audience.polls.words(poll.id, round, 30)]
        answers = tuple(
            answer.text for answer in audience.polls.answers_to(poll.id, round) if answer.public
        )
        found.append(
            Voted(poll.prompt, round, poll.round, results.ballots, tuple(votes), answers[:MOST])
        )
    return found


def _when(talk: Talk, zone: tzinfo) -> str:
    start = talk.started_at or talk.planned_start
    if start is None:
        return ""
    began = datetime.fromtimestamp(start, zone)
    said = began.strftime("%d/%m/%Y, %H h %M")
    end = talk.ended_at if talk.started_at is not None else talk.planned_end
    return said if end is None else f"{said} – {datetime.fromtimestamp(end, zone):%H h %M}"
