"""What a schedule says of a talk, whoever wrote it: a file, or the crew by hand."""

import hashlib
import re
from typing import Generic, Literal, TypeVar, get_args

import msgspec
from msgspec import UNSET, UnsetType

TITLE = 200  # characters, as of the others but the talks
NAME = 100  # of a room, a track, a speaker
SPEAKERS = 30
ABSTRACT = 5_000
LANGUAGE = 20
EXTRA = 16_384  # of JSON
TALKS = 2_000  # of one file
LONGEST_PLAN = 86_400.0  # seconds that a talk may be meant to last

Kind = Literal["conference", "intervention", "restitution", "break"]
KINDS: tuple[Kind, ...] = get_args(Kind)
QuestionsAre = Literal["open", "off"]
Moderation = Literal["pre", "post"]
Slow = Literal[0, 30, 60, 120, 300]  # seconds from one question of a participant to the next

Time = TypeVar("Time")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # what addresses and topics can hold


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A talk as it is meant to be; `talk` is its id here, `guid` the one that schedules have.

    `planned_start` and `planned_end` are on the broadcast clock, None while nobody knows. `channel`
    is the room's, "" for a room that has none; `lab` a slug, "" for what concerns everybody.
    `extra` is a JSON object of what else a file said of it, for the export.
    """

    talk: str
    guid: str
    title: str
    kind: Kind = "intervention"
    planned_start: float | None = None
    planned_end: float | None = None
    room: str = ""
    channel: str = ""
    lab: str = ""
    speakers: tuple[str, ...] = ()
    abstract: str = ""
    language: str = ""
    track: str = ""
    recorded: bool = True
    cancelled: bool = False
    extra: str = ""


class Changes(msgspec.Struct, Generic[Time], frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a talk that the crew changes, with hours as `Time`. The last four are
    settings of the talk: whether it takes questions, whether its presenter airs only those that the
    régie lined up, whether questions are read before (or after) they are published, and in slow
    mode the seconds from one question of a participant to their next."""

    title: str | UnsetType = UNSET
    planned_start: Time | UnsetType | None = UNSET
    planned_end: Time | UnsetType | None = UNSET
    room: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    lab: str | UnsetType = UNSET
    speakers: tuple[str, ...] | UnsetType = UNSET
    abstract: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    track: str | UnsetType = UNSET
    questions: QuestionsAre | UnsetType = UNSET
    presenter_only_queued: bool | UnsetType = UNSET
    moderation: Moderation | UnsetType = UNSET
    slow: Slow | UnsetType = UNSET


class Edit(Changes[float], frozen=True):
    """The same as an event has it: hours on the broadcast clock."""

    kind: Kind | UnsetType = UNSET


def id_of(guid: str) -> str:
    """The id of the talk that schedules call `guid`: the same, where it can be in an address."""
    if _NAME.fullmatch(guid) and guid != "wall":  # which names a view that is no talk's
        return guid
    return "t_" + hashlib.sha256(guid.encode()).hexdigest()[:20]
