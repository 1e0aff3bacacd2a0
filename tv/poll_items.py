"""What pages and the API say of polls, ratings and reactions, for the audience or for the crew."""

from collections.abc import Sequence
from typing import Any

import msgspec

from engagement.polls import Answer, Ballot, LabCounts, Option, Poll, Word, compared
from engagement.ratings import Given, Rating
from engagement.reactions import Reaction, Second
from tv.problems import rfc3339

Rendered = dict[str, Any]


def poll_item(poll: Poll, crew: bool) -> Rendered:
    """A poll with its results: `counts`, `words`, `mean` and `labs` are null while they are hidden
    from those who ask.

    `counts` are votes by option: points in a ranking, dots where dots are given. `words` are the 50
    given most, the most frequent first. `mean` is that of a rating. `labs`, in a poll that compares
    them and is over, as `labs_item`. `codes`: a ballot needs a voting code. The crew also sees the
    `hidden` words, how many asked for more time, and `bursts`: ballots of new devices that came
    together, from the `network` with this tag, or "*" for many; those `aside` count nowhere here.
    """
    shown = crew or poll.results_public
    rendered: Rendered = {
        "kind": "poll",
        "id": poll.id,
        "talk": poll.talk,
        "type": poll.kind,
        "state": poll.state,
        "prompt": poll.prompt,
        "round": poll.round,
        "options": [{"id": option.id, "text": option.text} for option in poll.options],
        "max_choices": poll.max_choices,
        "visibility": poll.visibility,
        "duration": poll.duration,
        "compare_by": poll.compare_by,
        "codes": poll.codes,
        "counts": counts(poll.options, poll.counts) if shown else None,
        "words": [word_item(word) for word in poll.words] if shown else None,
        "mean": mean(poll, poll.counts) if shown else None,
        "labs": labs_item(poll, poll.labs) if shown and comparable(poll) else None,
        "ballots": poll.ballots,
        "opened_at": rfc3339(poll.opened_at),
        "closes_at": rfc3339(poll.closes_at),
        "closed_at": rfc3339(poll.closed_at),
        "version": poll.version,
    }
    if crew:
        rendered |= {
            "hidden": list(poll.hidden),
            "more_time": poll.more_time,
            "bursts": msgspec.to_builtins(poll.bursts),
        }
    return rendered


def counts(options: Sequence[Option], votes: Sequence[int]) -> list[Rendered]:
    """Votes by option, in the order of the options."""
    return [
        {"option": option.id, "votes": number}
        for option, number in zip(options, votes, strict=True)
    ]


def mean(poll: Poll, votes: Sequence[int]) -> float | None:
    """The mean of a rating, in steps of its scale; None for what is none, or without ballots."""
    if poll.kind != "rating" or not sum(votes):
        return None
    return round(sum(step * number for step, number in enumerate(votes, 1)) / sum(votes), 2)


def labs_item(poll: Poll, labs: Sequence[LabCounts]) -> list[Rendered]:
    """The labs side by side, `lab` "" being those who have none; what would tell who voted what is
    null."""
    return [
        {
            "lab": lab,
            "ballots": found.ballots if found else None,
            "counts": counts(poll.options, found.counts) if found else None,
            "mean": mean(poll, found.counts) if found else None,
        }
        for lab, found in compared(labs)
    ]


def word_item(word: Word) -> Rendered:
    return {"word": word.text, "votes": word.votes}


def answer_item(answer: Answer) -> Rendered:
    """What somebody wrote in an open poll; not who."""
    return {
        "kind": "answer",
        "id": answer.id,
        "poll": answer.poll,
        "talk": answer.talk,
        "round": answer.round,
        "state": answer.state,
        "text": answer.text,
        "at": rfc3339(answer.at),
        "version": answer.version,
    }


def ballot_item(ballot: Ballot) -> Rendered:
    return {
        "id": ballot.id,
        "round": ballot.round,
        "choices": list(ballot.choices),
        "texts": list(ballot.texts),
        "version": ballot.version,
    }


def comparable(poll: Poll) -> bool:
    """Whether labs are compared: while votes come in, each step would say who just voted what.

    They may after the end, of those who asked for more time."""
    over = poll.state == "published" or (poll.state == "closed" and not poll.more_time)
    return poll.compare_by == "lab" and over


def reaction_item(reaction: Reaction) -> Rendered:
    """How the audience reacts to a talk; `at` of a second is its broadcast time, rounded down."""
    return {
        "kind": "reaction",
        "id": reaction.id,
        "total": msgspec.structs.asdict(reaction.total),
        "recent": [second_item(second) for second in reaction.recent],
        "version": reaction.version,
    }


def second_item(second: Second) -> Rendered:
    return {"at": second.at, **msgspec.structs.asdict(second.counts)}


def rating_item(rating: Rating) -> Rendered:
    """How a talk was rated: `mean` in stars, null while nobody did."""
    return {
        "kind": "rating",
        "id": rating.id,
        "ratings": rating.ratings,
        "counts": [
            {"stars": stars, "ratings": number} for stars, number in enumerate(rating.counts, 1)
        ],
        "mean": None if rating.mean is None else round(rating.mean, 2),
        "shown": rating.shown,
        "version": rating.version,
    }


def given_item(given: Given) -> Rendered:
    """What one participant gave; `id` is the talk's."""
    return {
        "id": given.id,
        "stars": given.stars,
        "word": given.word,
        "at": rfc3339(given.at),
        "version": given.version,
    }


def remark_item(given: Given) -> Rendered:
    """A rating without whose it is."""
    return {"stars": given.stars, "word": given.word, "at": rfc3339(given.at)}
