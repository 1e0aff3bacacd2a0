"""What is kept of what somebody did, in words that they can read (GDPR, article 15)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engagement.audience import Audience
from engagement.fold import Item
from engagement.polls import Ballot, Poll
from tv.alert_items import GROUNDS, THINGS
from tv.auth import Identity
from tv.labs.naming import lab_name, table_name
from tv.settings import Lab

NO_MORE = "ne s’affiche plus"  # what others wrote, and may not be read any more
WITHDRAWN = "retiré"
PICTURE = "une image"


@dataclass(frozen=True)
class Line:
    """`text` says what they wrote, or what it is about; `remarks` are of ours, in French."""

    text: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """Things of one sort: what they are called in French, and what each says."""

    name: str
    lines: tuple[Line, ...]


def own(audience: Audience, labs: Mapping[str, Lab], who: Identity) -> list[Kept]:
    """All that a participant wrote, chose, supported and reported, sort by sort."""
    by = who.participant
    every = {
        "Pseudonyme": [Line(who.name)] if who.name else [],
        "Questions": _questions(audience, by),
        "Questions soutenues": _supported_questions(audience, by),
        "Votes": _votes(audience, by),
        "Temps demandé en plus": [
            Line(audience.polls.by_id[poll].prompt)
            for talk in audience.talks.by_id
            for poll in audience.polls.more_time_of(talk, by)
        ],
        "Notes données": _ratings(audience, by),
        "Messages du mur": [
            _written(post.text, post.state, post.picture) for post in audience.posts.written_by(by)
        ],
        "Messages du mur soutenus": [
            _shown(post, post.text)
            for post in audience.posts.by_id.values()
            if audience.posts.supported_by(post.id, by)
        ],
        "Places dans les laboratoires": _places(audience, labs, by),
        "Idées": [
            _written(idea.text, idea.state, idea.picture) for idea in audience.ideas.made_by(by)
        ],
        "Points donnés à des idées": [
            _shown(idea, f"{dots} × {idea.text}")
            for given in audience.ideas.given_by(by).values()
            for name, dots in given.items()
            if (idea := audience.ideas.by_id[name])
        ],
        "Synthèses soutenues": [
            _shown(synthesis, synthesis.text.title)
            for synthesis in audience.syntheses.by_id.values()
            if audience.syntheses.supported_by(synthesis.id, by)
        ],
        "Commentaires": [
            _written(comment.text, comment.state) for comment in audience.comments.written_by(by)
        ],
        "Signalements": [
            Line(raised.note, (THINGS[alert.kind], GROUNDS[raised.grounds]))
            for alert, raised in audience.alerts.raised_by(by)
        ],
    }
    return [Kept(name, tuple(lines)) for name, lines in every.items() if lines]


def _written(text: str, state: str, picture: str = "") -> Line:
    remarks = [PICTURE] if picture else []
    if state == "withdrawn":
        remarks.append(WITHDRAWN)
    return Line(text, tuple(remarks))


def _shown(thing: Item, text: str) -> Line:
    """What somebody else wrote."""
    return Line(text) if thing.public else Line("", (NO_MORE,))


def _questions(audience: Audience, by: str) -> list[Line]:
    return [
        _written(question.original or question.body, question.state)
        for talk in audience.talks.by_id
        for question in audience.questions.asked_by(talk, by)
    ]


def _supported_questions(audience: Audience, by: str) -> list[Line]:
    questions = audience.questions
    names = (name for talk in audience.talks.by_id for name in questions.supports(talk, by))
    return [_shown(found := questions.by_id[name], found.body) for name in names]


def _votes(audience: Audience, by: str) -> list[Line]:
    """The ballots of all rounds."""
    polls = audience.polls
    return [
        Line(f"{poll.prompt} → {', '.join(_chosen(poll, ballot))}")
        for poll in polls.by_id.values()
        for round in range(1, poll.round + 1)
        if (ballot := polls.ballot(poll.id, round, by))
    ]


def _chosen(poll: Poll, ballot: Ballot) -> Iterator[str]:
    """What a ballot says, in its order."""
    named = {option.id: option.text for option in poll.options}
    for choice, times in Counter(ballot.choices).items():
        yield named[choice] if times == 1 else f"{times} × {named[choice]}"
    yield from ballot.texts


def _ratings(audience: Audience, by: str) -> list[Line]:
    given = ((talk, audience.ratings.given(talk.id, by)) for talk in audience.talks.by_id.values())
    return [
        Line(f"{talk.title} → {rating.stars}/5 {rating.word}".rstrip())
        for talk, rating in given
        if rating
    ]


def _places(audience: Audience, labs: Mapping[str, Lab], by: str) -> list[Line]:
    cafes = audience.cafes
    been: Iterable[str] = (
        f"{cafe.plan.title} – {lab_name(lab, labs)}"
        for cafe in cafes.all()
        for lab in dict.fromkeys(cafe.plan.labs)
        if by in cafes.people(cafe.id, lab)
    )
    seat = cafes.seat(by)
    return [*map(Line, been), *([Line(table_name(seat.table, labs))] if seat else [])]
