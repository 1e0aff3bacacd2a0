"""What was looked at, and what came of it."""

from typing import Literal

import msgspec

State = Literal["good", "poor", "bad"]  # "poor": it will run, and somebody should know


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; `mend` says what to do where it is not good."""

    what: str
    state: State
    said: str
    mend: str = ""


def good(what: str, said: str) -> Finding:
    return Finding(what, "good", said)


def poor(what: str, said: str, mend: str) -> Finding:
    return Finding(what, "poor", said, mend)


def bad(what: str, said: str, mend: str) -> Finding:
    return Finding(what, "bad", said, mend)


def french(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".replace(".", ",")
