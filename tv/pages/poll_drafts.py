"""Request bodies of the API of polls: drafts, acts and ballots."""

from typing import Annotated

import msgspec

from engagement.polls import OPTIONS, SCALES, WRITTEN, Comparison, Kind, Option, Poll, Visibility
from tv.problems import clean

PROMPT = 300  # characters
OPTION = 120
WORDS = 3  # that one may give, unless the draft says more
LONGEST = 500  # characters of what may become an answer by cleaning

Number = Annotated[int, msgspec.Meta(ge=1, le=OPTIONS)]
Duration = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Text(msgspec.Struct, frozen=True):
    text: str


class Changes(msgspec.Struct, frozen=True):
    """The body of a change to a draft; options are texts, or objects with a `text`."""

    type: Kind | None = None
    prompt: str | None = None
    options: list[str | Text] | None = None
    max_choices: Number | None = None
    scale: int | None = None
    visibility: Visibility | None = None
    duration: Duration | None = None
    compare_by: Comparison | None = None
    codes: bool | None = None


class Draft(Changes, frozen=True, kw_only=True):
    """The body of a new poll."""

    talk: str
    prompt: str
    type: Kind = "single"
    visibility: Visibility = "closed"
    duration: Duration = 0.0
    compare_by: Comparison = "none"
    codes: bool = False


Strings = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=LONGEST)]], msgspec.Meta(max_length=OPTIONS)
]


class Opening(msgspec.Struct, frozen=True):
    """The body of `:open` and `:reopen`: seconds, in place of what the draft says."""

    duration: Duration | None = None


class Extension(msgspec.Struct, frozen=True):
    """The body of `:extend`."""

    seconds: Annotated[float, msgspec.Meta(ge=1, le=600)] = 30.0


class Vote(msgspec.Struct, frozen=True):
    """The body of a ballot. Without a round, it is for the current one."""

    choices: Strings = []
    texts: Strings = []
    round: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    code: Annotated[str, msgspec.Meta(max_length=32)] = ""


class Together(msgspec.Struct, frozen=True):
    """The body of `:set_aside` and `:count`: a burst, and its round (the current one)."""

    burst: Annotated[str, msgspec.Meta(max_length=8)]
    round: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


class Hiding(msgspec.Struct, frozen=True):
    """The body of a word that is to be hidden, or shown again."""

    word: Annotated[str, msgspec.Meta(min_length=1, max_length=OPTION)]
    hidden: bool = True


def options_of(said: Changes, kind: Kind, poll: Poll | None) -> tuple[Option, ...] | None:
    """The options of a draft; None where they stay as they are. A rating has its steps."""
    if said.options or (said.options is not None and kind != "rating"):
        texts = [
            clean(option if isinstance(option, str) else option.text, "Réponse proposée", OPTION)
            for option in said.options[: OPTIONS + 1]
        ]
    elif kind == "rating" and (poll is None or poll.kind != kind or said.scale is not None):
        texts = [str(step) for step in range(1, min(said.scale or SCALES[0], OPTIONS) + 1)]
    elif poll is None or (kind in WRITTEN and poll.kind not in WRITTEN):
        texts = []
    else:
        return None
    return tuple(Option(f"o{number}", text) for number, text in enumerate(texts, 1))


def most(kind: Kind, options: tuple[Option, ...]) -> int:
    """How many one may give, where nobody says."""
    return {"multiple": max(1, len(options)), "words": WORDS}.get(kind, 1)
