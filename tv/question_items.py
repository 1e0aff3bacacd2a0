"""What pages and the API say of questions: for the audience, for its author, or for the crew."""

from typing import Any

from engagement.questions import Counts, Question, Reading
from engagement.questions.log import Logged
from tv.problems import rfc3339

Rendered = dict[str, Any]


def question_item(question: Question, crew: bool = False, mine: bool = False) -> Rendered:
    """A question as they may see it; `table` is the id of the one that asked it, "" for a person.
    `badge` is "crew" or "host" for who asked it, or wrote it down in the room, as such.

    The `quote` of its anchor is what the cues say now. `answer` is the one in writing. Its author
    is also told the `reason` of a rejection, what it was `merged_into`, its `original` words where
    a moderator edited them, and the words that they `quoted`. The crew has those too, and `labels`,
    `flags` (`personal`, `words`: to be looked at twice), `queue` (its place from 1 on, or null) and
    `support_aside`.
    """
    rendered: Rendered = {
        "kind": "question",
        "id": question.id,
        "talk": question.talk,
        "state": question.state,
        "body": question.body,
        "edited": bool(question.original),
        "author": question.author,
        "table": question.table,
        "from_room": question.from_room,
        "badge": "crew" if question.from_room else question.badge,
        "support": question.support,
        "asked_at": rfc3339(question.asked_at),
        "anchor": _anchor(question),
        "answer": question.answer or None,
        "taken_at": rfc3339(question.taken_at),
        "answered_at": rfc3339(question.answered_at),
        "version": question.version,
    }
    if crew or mine:
        rendered |= {
            "reason": question.reason,
            "merged_into": question.merged_into,
            "original": question.original or None,
            "quoted": question.anchor.quote if question.anchor else "",
        }
    if crew:
        rendered |= {
            "labels": list(question.labels),
            "flags": list(question.flags),
            "queue": question.place or None,
            "support_aside": question.aside,
            "answered_by": question.answered_by,
        }
    return rendered


def _anchor(question: Question) -> Rendered | None:
    anchor = question.anchor
    if anchor is None:
        return None
    return {
        "media_time": anchor.media_time,
        "cues": list(anchor.cues),
        "quote": question.quoted,
    }


def reading_item(reading: Reading) -> Rendered:
    """Who looks at a question: « Relu par Anne », until that time if they do not say so again."""
    return {
        "kind": "reading",
        "id": reading.id,
        "talk": reading.talk,
        "by": reading.by,
        "name": reading.name,
        "until": rfc3339(reading.until),
        "version": reading.version,
    }


def counts_item(counts: Counts) -> Rendered:
    """What became of the questions of a talk: all but `received` add up to it."""
    return {
        "talk": counts.talk,
        "received": counts.received,
        "pending": counts.pending,
        "published": counts.published,
        "answered": counts.answered,
        "merged": counts.merged,
        "rejected": counts.rejected,
        "withdrawn": counts.withdrawn,
    }


def logged_item(act: Logged, question: Question) -> Rendered:
    """An act of the log, with the question as it reads now."""
    return {
        "at": rfc3339(act.at),
        "act": act.act,
        "question": act.question,
        "body": question.body,
        "state": question.state,
        "by": act.by,
        "name": act.name,
        "detail": act.detail,
    }
