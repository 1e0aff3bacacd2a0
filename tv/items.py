"""What pages and the API say of each thing, for the audience or for the crew.

The socket and the API use the same shapes. What an audience must not know yet is left out here,
and nowhere else.
"""

from typing import Any

import msgspec

from captions.cues import Cue
from captions.wording.captioned import Captioned, Glossary, Hold, MadeRule
from captions.wording.edited import Version
from engagement.alerts import Alert
from engagement.audience import Audience
from engagement.blocks import Block
from engagement.cafe.session import OWN as OWN_IN_LABS
from engagement.cafe.session import Cafe, Progress, Table
from engagement.changes import START
from engagement.fold import Item
from engagement.happening import Happening
from engagement.ideas.idea import Cluster, Idea, Pile
from engagement.messages import Message
from engagement.polls import Answer, Ballot, Poll
from engagement.questions import Question, Reading
from engagement.ratings import Given, Rating
from engagement.reactions import Reaction
from engagement.rundown.entry import Air, Entry
from engagement.screens import Screen
from engagement.syntheses.synthesis import Comment, Sending, Synthesis
from engagement.talks import Schedule, Talk
from engagement.wall.post import Post, Wall
from engagement.wall.posts import OWN as OWN_ON_WALL
from streaming.link import ChannelState, RestreamState, SourceState
from tv import poll_items
from tv.air_items import air_item, entry_item, message_item, screen_item
from tv.alert_items import alert_item
from tv.devices import block_item
from tv.labs.ideas import cluster_item, idea_item, own_ideas, pile_item
from tv.labs.items import cafe_item, own_seat, progress_item, table_item
from tv.labs.syntheses import comment_item, own_syntheses, sending_item, synthesis_item
from tv.problems import rfc3339
from tv.question_items import question_item, reading_item
from tv.wall.items import own_posts, post_item, wall_item

SILENT = 6.0  # seconds: a speaker's pause is shorter

Rendered = dict[str, Any]


def item(found: Item, crew: bool) -> Rendered:
    """Render what is in a view: for the audience, or with what the crew alone is told."""
    match found:
        case Talk():
            return talk_item(found)
        case Schedule():
            return schedule_item(found)
        case Question():
            return question_item(found, crew)
        case Reading():
            return reading_item(found)
        case Poll():
            return poll_items.poll_item(found, crew)
        case Answer():
            return poll_items.answer_item(found)
        case Ballot():
            return poll_items.ballot_item(found)
        case Reaction():
            return poll_items.reaction_item(found)
        case Rating():
            return poll_items.rating_item(found)
        case Given():
            return poll_items.given_item(found)
        case Happening():
            return happening_item(found)
        case Post():
            return post_item(found, crew)
        case Wall():
            return wall_item(found)
        case Cafe():
            return cafe_item(found)
        case Progress():
            return progress_item(found)
        case Table():
            return table_item(found)
        case Idea():
            return idea_item(found, crew)
        case Cluster():
            return cluster_item(found)
        case Pile():
            return pile_item(found)
        case Synthesis():
            return synthesis_item(found, crew)
        case Comment():
            return comment_item(found, crew)
        case Sending():
            return sending_item(found, item)
        case Alert():
            return alert_item(found, item)
        case Block():
            return block_item(found)
        case Entry():
            return entry_item(found, crew, item)
        case Air():
            return air_item(found, item)
        case Screen():
            return screen_item(found)
        case Message():
            return message_item(found)
    raise TypeError(f"nothing shows a {type(found).__name__}")


def seen(found: Item, crew: bool) -> bool:
    """Whether they may see that it exists."""
    return not found.gone and (crew or found.public)


def was_seen(found: Item, crew: bool) -> bool:
    """Whether they have seen it at some time, and are told when it goes."""
    return crew or found.was_public


def happening_item(happening: Happening) -> Rendered:
    return {
        "kind": "happening",
        "id": happening.id,
        "phase": happening.phase,
        "since": rfc3339(happening.since),
        "version": happening.version,
    }


def talk_item(talk: Talk) -> Rendered:
    """`marks` are those of its replay, on the broadcast clock; null while there cannot be one.

    `moved` is when and where it was to be, if it was moved on short notice; `overrun` the seconds
    by which it ended late. What is planned besides is as in `engagement.talks.plan`.
    """
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
        "type": talk.kind,
        "planned_start": rfc3339(talk.planned_start),
        "planned_end": rfc3339(talk.planned_end),
        "moved": {"planned_start": rfc3339(talk.moved.start), "room": talk.moved.room}
        if talk.moved
        else None,
        "overrun": talk.overrun,
        "room": talk.room,
        "lab": talk.lab,
        "track": talk.track,
        "questions": talk.questions,
        "presenter_only_queued": talk.presenter_only_queued,
        "moderation": talk.moderation,
        "slow": talk.slow,
        "standing": talk.standing,
        "version": talk.version,
    }


def whole_talk_item(talk: Talk) -> Rendered:
    """The same with what open pages do without: a phone has all talks of two days."""
    more = {"guid": talk.guid, "language": talk.language, "abstract": talk.abstract}
    return talk_item(talk) | more


def schedule_item(schedule: Schedule) -> Rendered:
    return {
        "kind": "schedule",
        "id": schedule.id,
        "imported_at": rfc3339(schedule.imported_at),
        "version": schedule.version,
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
    questions = audience.questions
    given = audience.ratings.given(talk, participant)
    return {
        "kind": "me",
        "id": talk,
        "questions": [
            question_item(asked, mine=True) for asked in questions.asked_by(talk, participant)
        ],
        "supports": questions.supports(talk, participant),
        "ballots": {
            poll: {
                "round": ballot.round,
                "choices": list(ballot.choices),
                "texts": list(ballot.texts),
            }
            for poll, ballot in audience.polls.ballots_of(talk, participant).items()
        },
        "more_time": audience.polls.more_time_of(talk, participant),
        "rating": poll_items.given_item(given) if given else None,
        "version": audience.version_of_theirs(talk, participant),
    } | _own(audience, talk, participant)


def _own(audience: Audience, topic: str, participant: str) -> Rendered:
    """What a participant did elsewhere than in a talk."""
    if topic == OWN_ON_WALL:
        return own_posts(audience.posts, participant)
    if topic == OWN_IN_LABS:
        return (
            own_seat(audience.cafes, participant)
            | own_ideas(audience.ideas, audience.cafes, participant)
            | own_syntheses(audience.syntheses, audience.comments, participant)
        )
    return {}


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
    signs: str = "",
) -> Rendered:
    """What a channel shows now; the crew also sees what was chosen, its studios, and all ailments.

    `captions_by` says whether a person wrote the captions last, or the "machine".
    Each of `sources` is a `streaming.link.SourceState`, the times in it are on the broadcast clock.
    `feeds` are those that WebRTC has, "live" and "delayed", by `streaming.link.FeedState`.
    `interrupted`: media is not heard, and what it last said of the channel may be over. `rewind`:
    the channel is recorded, so that a live talk can be seen from its start, if it may be recorded.
    `silent`: what is on air has not been heard for some seconds; a microphone may be off.
    `qualities` are the smaller pictures that are there now; `signs` is the channel that shows its
    sign-language interpreter, or "".
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
        "qualities": [each.name for each in state.renditions if each.on] if state else [],
        "signs": signs,
        "silent": bool(state and any(map(_silent, state.sources))),
    }
    if crew:
        rendered["chosen"] = state.chosen if state else "auto"
        rendered["sources"] = msgspec.to_builtins(state.sources) if state else []
        rendered["captions_reason"] = captions_reason
        rendered["renditions"] = msgspec.to_builtins(state.renditions) if state else []
        recording = state.recording if state else None
        rendered["recording"] = msgspec.structs.asdict(recording) if recording else None
    return rendered


def _silent(source: SourceState) -> bool:
    return source.on_air and source.silent > SILENT


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
