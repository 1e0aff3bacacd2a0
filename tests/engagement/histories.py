"""Random histories of everything that may happen: every event there is, from few people about few
things, so that they meet. They are made from the types of events: new ones are in by themselves.

An event of random fields has seldom an effect: of so many tries, the first that has one is taken.
"""

import random
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import replace

from engagement.alerts import AlertRaised
from engagement.audience import AnyEvent, Audience
from engagement.batches import ThingsRejected, ThingsRestored
from engagement.blocks import DeviceBlocked, DeviceUnblocked
from engagement.cafe.events import CafeRemoved
from engagement.cafe.session import table_id
from engagement.fold import Accepted, Event, Making
from engagement.happening import ParticipantErased, PhaseSet, digest_of
from engagement.polls import BallotCast, PollDeleted, PollOpened
from engagement.polls.events import AnswerEvent
from engagement.rundown.events import EntryDeleted
from engagement.screens import ScreenRemoved
from engagement.syntheses.events import SendingTakenBack

EVERY: tuple[type[Event], ...] = get_args(AnyEvent)
RARE = (ParticipantErased, PhaseSet)  # they change everything at once

PEOPLE = tuple(f"p_{name}" for name in ("ann", "bob", "cem", "dia", "eli", "fay"))
CREW = ("pass_1", "pass_2")
TEXTS = ("Pourquoi ?", "Et les loyers ?", "Le chauffage", "Oui", "chauffage", "Des ascenseurs.")
THEIRS = frozenset(  # what the audience does; all else is the crew's
    {"QuestionAsked", "QuestionWithdrawn", "SupportGiven", "SupportTakenBack", "BallotCast"}
    | {"MoreTimeAsked", "TalkRated", "PostWritten", "PostWithdrawn", "PostSupported"}
    | {"PostUnsupported", "SeatTaken", "IdeaMade", "IdeaCarried", "IdeaDotted", "IdeaWithdrawn"}
    | {"SynthesisSupported", "SynthesisUnsupported", "CommentWritten", "CommentWithdrawn"}
    | {"AlertRaised"}
)
SAME = {"into": "question"}  # fields that name a thing by another word
LABS = ("labo-0", "labo-1")
# After these there is nothing more to do.
ENDS = (EntryDeleted, PollDeleted, ScreenRemoved, CafeRemoved, SendingTakenBack)
BEGINNING = 40  # events, in which there comes to be something
TRIES = 20
THINGS = 4  # of each kind that the crew makes
SHOWN = ("question", "poll", "post", "synthesis")  # what `shows` may name
REPORTED = ("question", "post", "idea", "synthesis", "comment")  # what an alert may be about
CREWS = {type.makes for type in EVERY if issubclass(type, Making)} - {
    *("question", "post", "idea", "comment")
}


def history(seed: int, count: int, rare: float = 0.003) -> Iterator[tuple[str, Event]]:
    """`count` events with their positions; the same for the same seed."""
    chance = random.Random(seed)
    common = [each for each in EVERY if each not in RARE]
    making = [each for each in common if issubclass(each, Making) or each is PollOpened]
    weights = [3 if each.__name__ in THEIRS else 0.3 if each in ENDS else 1 for each in common]
    audience = Audience()
    sent: list[Event] = []
    for number in range(1, count + 1):
        if sent and chance.random() < 0.02:
            event = chance.choice(sent[-50:])  # a retry
            audience.apply(f"{number}-0", event)
        else:
            (type,) = chance.choices(common, weights)
            if number < BEGINNING:
                type = chance.choice(making)
            elif chance.random() < rare:
                type = chance.choice(RARE)
            for attempt in range(TRIES):
                event = _made(type, number, attempt, chance)
                if isinstance(event, AnswerEvent) and audience.polls.answers:
                    answer = chance.choice(list(audience.polls.answers.values()))
                    event = replace(event, poll=answer.poll, answer=answer.id)
                if isinstance(audience.apply(f"{number}-0", event), Accepted):
                    break
        sent.append(event)
        yield f"{number}-0", event


def _made(type: type[Event], number: int, attempt: int, chance: random.Random) -> Event:
    fields: dict[str, Any] = {
        "id": f"e{number}.{attempt}",
        "at": number * 2.0,
        "by": chance.choice(PEOPLE if type.__name__ in THEIRS else CREW),
    }
    if type is ParticipantErased:
        person = chance.choice(PEOPLE)
        digest = digest_of(person) if chance.random() < 0.5 else ""
        return ParticipantErased(
            **fields, participant=person, stand_in=f"gone_{number}", digest=digest
        )
    for field in msgspec.structs.fields(type):
        if field.name in fields or field.name == "expects":
            continue
        if field.required or chance.random() < 0.5:
            fields[field.name] = _value(field.name, field.type, chance)
    origin = fields.get("origin")
    if origin is not None and chance.random() < 0.5:  # else few devices are new late in a history
        fields["origin"] = replace(origin, joined=fields["at"])
    if issubclass(type, Making) and type.makes:  # ids of things are their makers' own
        owner = chance.randrange(len(PEOPLE) if type.__name__ in THEIRS else THINGS)
        if type.__name__ in THEIRS:
            fields["by"] = PEOPLE[owner]
        else:
            owner += len(PEOPLE)
        fields[type.makes] = f"{type.makes}{owner}"
    if type in (DeviceBlocked, DeviceUnblocked):
        fields["participant"] = chance.choice(PEOPLE)
    if type in (ThingsRejected, ThingsRestored):
        kind = fields["kind"]
        fields["things"] = tuple(_value(kind, str, chance) for _ in range(4))
        fields.pop("talk", "")
    if type is AlertRaised:
        fields["thing"] = _value(fields["kind"], str, chance)
    if type is BallotCast:
        # The API lets no other texts into the journal, so that no count changes with their going.
        fields["texts"] = () if fields.get("choices") else fields.get("texts", ())[:1]
    return type(**fields)


def _value(name: str, kind: Any, chance: random.Random) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if name == "talk":
        return chance.choice(("direct", "direct", "direct", "plan0", "plan1"))
    if name in ("table", "lab"):
        lab = chance.choice(LABS)
        return lab if name == "lab" else table_id(lab, chance.randint(1, 2))
    if name == "tables":
        return tuple((lab, chance.randint(1, 2)) for lab in chance.sample(LABS, 2))
    if origin is Literal:
        return chance.choice(inside)
    if origin in (types.UnionType, typing.Union):
        return _value(name, chance.choice(inside), chance)
    if origin is tuple:
        items = [_value(name.rstrip("s"), inside[0], chance) for _ in range(chance.randint(0, 3))]
        if name == "options":
            items = [replace(each, id=f"o{n}") for n, each in enumerate(items)]
        return tuple(items)
    if origin is dict:
        return {}
    if kind is type(None):
        return None
    if kind is msgspec.UnsetType:
        return msgspec.UNSET
    if kind is bool:
        return chance.random() < 0.7
    if kind is int:
        return chance.randint(1, 3)
    if kind is float:
        return float(chance.randint(1, 600))
    if kind is str:
        if name in ("choice", "option"):
            return f"o{chance.randint(0, 2)}"
        if name in ("body", "text", "prompt", "word", "author", "reason", "alt", "title", "note"):
            return chance.choice(TEXTS)
        if name == "network":
            return chance.choice(("3f2", "0a1"))
        if name == "shows":
            name = chance.choice(SHOWN)
        if name == "alert":
            kind = chance.choice(REPORTED)
            return f"{kind}.{_value(kind, str, chance)}"
        first = len(PEOPLE) if name in CREWS else 0
        return f"{SAME.get(name, name)}{chance.randrange(first, len(PEOPLE) + THINGS)}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return chance.choice(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(
            **{
                field.name: _value(field.name, field.type, chance)
                for field in msgspec.structs.fields(kind)
                if field.required or chance.random() < 0.5
            }
        )
    raise TypeError(f"{name}: a value of {kind}?")
