"""Random histories of everything that may happen: every event there is, from few people about few
things, so that they meet. They are made from the types of events: new ones are in by themselves."""

import random
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec

from engagement.audience import AnyEvent
from engagement.fold import Event, Making
from engagement.happening import ParticipantErased, PhaseSet

EVERY: tuple[type[Event], ...] = get_args(AnyEvent)
RARE = (ParticipantErased, PhaseSet)  # they change everything at once

PEOPLE = tuple(f"p_{name}" for name in ("ann", "bob", "cem", "dia", "eli", "fay"))
CREW = ("pass_1", "pass_2")
TEXTS = ("Pourquoi ?", "Et les loyers ?", "Le chauffage", "Oui", "chauffage", "Des ascenseurs.")
THEIRS = frozenset(  # what the audience does; all else is the crew's
    {"QuestionAsked", "QuestionWithdrawn", "SupportGiven", "SupportTakenBack", "BallotCast"}
    | {"MoreTimeAsked", "TalkRated", "PostWritten", "PostWithdrawn", "PostSupported"}
    | {"PostUnsupported"}
)
SAME = {"into": "question"}  # fields that name a thing by another word


def history(seed: int, count: int, rare: float = 0.003) -> Iterator[tuple[str, Event]]:
    """`count` events with their positions; the same for the same seed."""
    chance = random.Random(seed)
    common = [each for each in EVERY if each not in RARE]
    sent: list[Event] = []
    for number in range(1, count + 1):
        if sent and chance.random() < 0.02:
            event = chance.choice(sent[-50:])  # a retry
        elif chance.random() < rare:
            event = _made(chance.choice(RARE), number, chance)
        else:
            event = _made(chance.choice(common), number, chance)
        sent.append(event)
        yield f"{number}-0", event


def _made(type: type[Event], number: int, chance: random.Random) -> Event:
    fields: dict[str, Any] = {
        "id": f"e{number}",
        "at": number * 2.0,
        "by": chance.choice(PEOPLE if type.__name__ in THEIRS else CREW),
    }
    if type is ParticipantErased:
        return ParticipantErased(
            **fields, participant=chance.choice(PEOPLE), stand_in=f"gone_{number}"
        )
    for field in msgspec.structs.fields(type):
        if field.name in fields or field.name == "expects":
            continue
        if field.required or chance.random() < 0.5:
            fields[field.name] = _value(field.name, field.type, chance)
    if issubclass(type, Making) and type.makes:  # ids of things are their makers' own
        owner = chance.randrange(len(PEOPLE) if type.__name__ in THEIRS else 2)
        if type.__name__ in THEIRS:
            fields["by"] = PEOPLE[owner]
        else:
            owner += len(PEOPLE)
        fields[type.makes] = f"{type.makes}{owner}"
    return type(**fields)


def _value(name: str, kind: Any, chance: random.Random) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if name == "talk":
        return chance.choice(("direct", "direct", "direct", "plan0", "plan1"))
    if origin is Literal:
        return chance.choice(inside)
    if origin in (types.UnionType, typing.Union):
        return _value(name, chance.choice(inside), chance)
    if origin is tuple:
        items = [_value(name.rstrip("s"), inside[0], chance) for _ in range(chance.randint(0, 3))]
        if name == "options":
            items = [msgspec.structs.replace(each, id=f"o{n}") for n, each in enumerate(items)]
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
        return float(chance.randint(1, 60))
    if kind is str:
        if name in ("choice", "option"):
            return f"o{chance.randint(0, 2)}"
        if name in ("body", "text", "prompt", "word", "author", "reason", "alt", "title"):
            return chance.choice(TEXTS)
        return f"{SAME.get(name, name)}{chance.randrange(len(PEOPLE) + 2)}"
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
