"""What pages and the API say of each thing, for the audience or for the crew.

The socket and the API use the same shapes. What an audience must not know yet is left out here,
and nowhere else.
"""

from typing import Any

import msgspec

from captions.cues import Cue
from captions.wording.captioned import Captioned, Glossary, Hold, MadeRule
from captions.wording.edited import Version
from engagement.audience import Audience
from engagement.changes import START
from engagement.fold import Item
from engagement.polls import Ballot, Poll
from engagement.questions import Question
from engagement.talks import Talk
from streaming.link import ChannelState, RestreamState
from tv.problems import rfc3339

Rendered = dict[str, Any]


def item(found: Item, crew: bool) -> Rendered:
    """Render a talk, a question or a poll."""
    match found:
        case Talk():
            return talk_item(found)
        case Question():
            return question_item(found, crew)
        case Poll():
            return poll_item(found, crew)
    raise TypeError(f"nothing shows a {type(found).__name__}")


def key(found: Item) -> str:
    """How `removed` names a thing: `question:q_…`."""
    return f"{type(found).__name__.lower()}:{found.id}"


def seen(found: Item, crew: bool) -> bool:
    """Whether they may see that it exists."""
    return crew or not isinstance(found, Question | Poll) or found.public


def was_seen(found: Item) -> bool:
    """Whether the audience has seen it at some time."""
    return isinstance(found, Question) and found.shown


def talk_item(talk: Talk) -> Rendered:
    """`marks` are those of its replay, on the broadcast clock; null while there cannot be one."""
    return {
        "kind": "talk",
        "id": talk.id,
        "channel": talk.channel,
        "title": talk.title,
        "speakers": list(talk.speakers),
        "state": talk.state,
        "started_at": rfc3339(talk.started_at),
        "ended_at": rfc3339(talk.ended_at),
        "marks": {"start": talk.marks[0], "end": talk.marks[1]} if talk.marks else None,
        "captions_reviewed": talk.reviewed,
        "recorded": talk.recorded,
        "version": talk.version,
    }


def question_item(question: Question, crew: bool) -> Rendered:
    """`reason` and `merged_into` are for the crew, and for its author in their own view."""
    rendered: Rendered = {
        "kind": "question",
        "id": question.id,
        "talk": question.talk,
        "state": question.state,
        "body": question.body,
        "author": question.author,
        "support": question.support,
        "asked_at": rfc3339(question.asked_at),
        "anchor": msgspec.to_builtins(question.anchor)
        | {"cues": list(question.anchor.cues), "quote": question.anchor.quote}
        if question.anchor
        else None,
        "taken_at": rfc3339(question.taken_at),
        "answered_at": rfc3339(question.answered_at),
        "version": question.version,
    }
    if crew:
        rendered |= {"reason": question.reason, "merged_into": question.merged_into}
    return rendered


def poll_item(poll: Poll, crew: bool) -> Rendered:
    """`counts` are null while they are hidden from those who ask."""
    return {
        "kind": "poll",
        "id": poll.id,
        "talk": poll.talk,
        "type": poll.kind,
        "state": poll.state,
        "prompt": poll.prompt,
        "round": poll.round,
        "options": [{"id": option.id, "text": option.text} for option in poll.options],
        "visibility": poll.visibility,
        "counts": counts(poll, poll.counts) if crew or poll.results_public else None,
        "ballots": poll.ballots,
        "opened_at": rfc3339(poll.opened_at),
        "closed_at": rfc3339(poll.closed_at),
        "version": poll.version,
    }


def counts(poll: Poll, votes: tuple[int, ...]) -> list[Rendered]:
    """Votes by option, in the order of the options."""
    return [
        {"option": option.id, "votes": number}
        for option, number in zip(poll.options, votes, strict=True)
    ]


def ballot_item(ballot: Ballot) -> Rendered:
    return {
        "id": ballot.id,
        "round": ballot.round,
        "choices": list(ballot.choices),
        "version": ballot.version,
    }


def cue_item(cue: Cue) -> Rendered:
    return {
        "kind": "cue",
        "id": cue.id,
        "revision": cue.revision,
        "start": cue.start,
        "end": cue.end,
        "lines": list(cue.lines),
        "speaker": cue.speaker,
        "corrected": cue.corrected,
    }


def hidden_cue_item(cue: Cue) -> Rendered:
    """A cue as the crew sees it that nobody else does."""
    return cue_item(cue) | {"hidden": cue.hidden}


def version_item(version: Version) -> Rendered:
    """What a cue said from some moment on; `by` is "" where nobody changed it."""
    return msgspec.structs.asdict(version) | {"at": rfc3339(version.at)}


def rule_item(made: MadeRule) -> Rendered:
    return {
        "kind": "rule",
        "id": made.rule.id,
        "heard": made.rule.heard,
        "written": made.rule.written,
        "by": made.by,
        "at": rfc3339(made.at),
    }


def glossary_item(glossary: Glossary) -> Rendered:
    return {
        "kind": "glossary",
        "id": glossary.talk,
        "terms": list(glossary.terms),
        "version": glossary.version or START,
    }


def hold_item(hold: Hold) -> Rendered:
    """A person who writes captions in the place of the machine."""
    return {"by": hold.name or hold.by, "at": rfc3339(hold.at), "source": hold.source}


def captioning_item(channel: str, captions: Captioned, talk: Talk | None) -> Rendered:
    """Who writes a channel's captions, who speaks, and the terms that count: those given for its
    live talk, its own title and speakers, and those of the whole event."""
    hold = captions.holds.get(channel)
    return {
        "kind": "captioning",
        "id": channel,
        "taken": hold_item(hold) if hold else None,
        "speaker": captions.speaker(channel, (talk and talk.started_at) or 0.0),
        "talk": talk.id if talk else "",
        "terms": list(captions.glossary(talk.id).terms) if talk else [],
        "own": [talk.title, *talk.speakers] if talk else [],
        "event_terms": list(captions.glossary("").terms),
    }


def me_item(audience: Audience, talk: str, participant: str) -> Rendered:
    """What a participant did in a talk: their questions in any state, supports and ballots."""
    mine = audience.mine(talk, participant)
    by_id = audience.questions.by_id
    return {
        "kind": "me",
        "id": talk,
        "questions": [question_item(by_id[name], crew=True) for name in mine.questions],
        "supports": audience.supports(talk, participant),
        "ballots": {
            poll: {"round": ballot.round, "choices": list(ballot.choices)}
            for poll, ballot in mine.ballots.items()
        },
        "version": mine.version,
    }


def channel_item(
    slug: str,
    name: str,
    state: ChannelState | None,
    captions: str,
    by_person: bool,
    captions_reason: str,
    viewers: int,
    interrupted: bool,
    crew: bool,
) -> Rendered:
    """What a channel shows now; the crew also sees what was chosen, its studios, and all ailments.

    `captions_by` says whether a person wrote the captions last, or the "machine".
    Each of `sources` is a `streaming.link.SourceState`, the times in it are on the broadcast clock.
    `feeds` are those that WebRTC has, "live" and "delayed", by `streaming.link.FeedState`.
    `interrupted`: media is not heard, and what it last said of the channel may be over. `rewind`:
    the channel is recorded, so that a live talk can be seen from its start, if it may be recorded.
    `recording` is a `streaming.link.Recording`, or null where nothing is recorded; `renditions` are
    `streaming.link.RenditionState`s.
    """
    rendered: Rendered = {
        "kind": "channel",
        "id": slug,
        "name": name,
        "on_air": state.on_air if state else "slate",
        "since": state.since if state else None,
        "interrupted": interrupted,
        "captions": captions,
        "captions_by": "person" if by_person else "machine",
        "viewers": viewers,
        "feeds": msgspec.to_builtins(state.feeds) if state else {},
        "rewind": bool(state and state.recording),
    }
    if crew:
        rendered["chosen"] = state.chosen if state else "auto"
        rendered["sources"] = msgspec.to_builtins(state.sources) if state else []
        rendered["captions_reason"] = captions_reason
        rendered["renditions"] = msgspec.to_builtins(state.renditions) if state else []
        recording = state.recording if state else None
        rendered["recording"] = msgspec.structs.asdict(recording) if recording else None
    return rendered


def restream_item(state: RestreamState) -> Rendered:
    """How a restream does. Where it goes, and with which key, is in the settings alone."""
    return {
        "kind": "restream",
        "id": state.name,
        "channel": state.channel,
        "title": state.title or state.name,
        "state": state.state,
        "since": state.since or None,
        "bitrate": state.bitrate,
        "dropped": state.dropped,
        "detail": state.detail,
    }
