"""Readers of strangers' bytes, given what is nearly right, led by how far that gets.

An input is kept, to be changed again, when it takes a step from one line of ours to another that
none took before (M. Zalewski, "Technical whitepaper for afl-fuzz"). The values that the lines met
compare with are among what is written over.
"""

import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

HOUSE = Path(__file__).parents[2]
OURS = tuple(f"{HOUSE / name}/" for name in ("streaming", "captions", "engagement", "tv"))
PATIENCE = 5.0  # seconds of processor time for one input: a thousand times what one takes
KEPT = 4_000  # inputs that a run keeps
SMALL, FEW = 1_500, 40  # bytes of an input that is kept for good, and how many are
NUMBERS = (0, 1, 2, 4, 16, 127, 128, 255, 256, 4095, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
WORDS = (
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"0",
    b"9" * 25,
    b"\r\n",
    b'"',
    "é\u202f".encode(),
    b"%00",
)

NOTHING = nullcontext()


@dataclass(frozen=True)
class Target:
    """A reader: `refuses` is what it says of what it cannot read; all else is a finding.

    It works while `around` is entered.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    refuses: tuple[type[Exception], ...] = ()
    around: AbstractContextManager[object] = NOTHING
    limit: int = 32_768  # bytes of an input


@dataclass
class Report:
    """What became of a run. `findings`: what went wrong, and the shortest input that does that."""

    executions: int = 0
    steps: int = 0
    slowest: float = 0.0  # seconds
    kept: list[bytes] = field(default_factory=list)
    findings: dict[str, bytes] = field(default_factory=dict)


class TooSlow(BaseException):
    """Nothing that a reader may catch."""


def attempt(target: Target, data: bytes) -> str:
    """Have `data` read; "" when that went as it should, else what happened, and where."""
    try:
        with _within(PATIENCE):
            target.read(data)
    except target.refuses:
        return ""
    except (Exception, TooSlow) as error:
        return f"{type(error).__name__}, {_place(error)}"
    return ""


def fuzz(
    target: Target,
    known: Iterable[bytes],
    seconds: float,
    chance: random.Random,
    beginning: Callable[[bytes], object] = len,
    *,
    most: int = 1000,
) -> Report:
    """Have what becomes of `known` inputs read for some time, or until there are `most` findings.

    `beginning` is told of each.
    """
    report, reached = Report(), Steps()
    until = time.monotonic() + seconds

    def take(data: bytes) -> bool:
        beginning(data)
        before, began = len(reached.taken), time.process_time()
        with reached.followed():
            happened = attempt(target, data)
        report.slowest = max(report.slowest, time.process_time() - began)
        report.executions += 1
        if happened and len(data) < len(report.findings.get(happened, data + b".")):
            report.findings[happened] = data
        return len(reached.taken) > before

    for data in known:
        take(data)
        report.kept.append(data)
    first = len(report.kept)
    while time.monotonic() < until and len(report.findings) < most:
        newest = report.kept[-20:] if chance.random() < 0.5 else report.kept
        data = changed(chance.choice(newest), report.kept, reached.words, chance)[: target.limit]
        if take(data) and len(report.kept) < KEPT:
            report.kept.append(data)
    report.findings = {
        happened: shortened(target, data, happened) for happened, data in report.findings.items()
    }
    report.steps, report.kept = len(reached.taken), report.kept[first:]
    return report


def few(target: Target, known: Iterable[bytes], found: Iterable[bytes]) -> list[bytes]:
    """Of what was `found`, small inputs that take steps which those before them do not."""
    reached, chosen = Steps(), list[bytes]()

    def adds(data: bytes) -> bool:
        before = len(reached.taken)
        with reached.followed():
            attempt(target, data)
        return len(reached.taken) > before

    for data in known:
        adds(data)
    for data in sorted(found, key=len):
        if len(data) <= SMALL and len(chosen) < FEW and adds(data):
            chosen.append(data)
    return chosen


def changed(data: bytes, others: list[bytes], words: list[bytes], chance: random.Random) -> bytes:
    """`data` with a few things done to it."""
    made = bytearray(data)
    for _ in range(1 << chance.randrange(4)):
        _change(made, others, words, chance)
    return bytes(made)


def shortened(target: Target, data: bytes, happened: str) -> bytes:
    """Less of `data` that has the same happen."""
    size, until = len(data) // 2, time.monotonic() + 5
    while size and time.monotonic() < until:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if attempt(target, less) == happened:
                data = less
            else:
                at += size
        size //= 2
    return data


class Steps:
    """The steps between lines of ours that were taken, and the constants near them."""

    def __init__(self) -> None:
        self.taken: set[tuple[int, int]] = set()
        self.words = list(WORDS)
        self._first: dict[CodeType, int] = {}  # a number for its first line; -1: not ours
        self._next = 0
        self._at = 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        self._at = 0
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        first = self._first.get(frame.f_code)
        if first is None:
            first = self._meet(frame)
        return self._step if first >= 0 else None

    def _step(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            here = self._first[frame.f_code] + frame.f_lineno
            self.taken.add((self._at, here))
            self._at = here
        return self._step

    def _meet(self, frame: FrameType) -> int:
        code = frame.f_code
        first = self._next if code.co_filename.startswith(OURS) else -1
        if first >= 0:
            self._next += 100_000
            named = (frame.f_globals.get(name) for name in code.co_names)
            self.words += {word for value in (*code.co_consts, *named) for word in _words(value)}
        self._first[code] = first
        return first


def _words(value: object) -> Iterator[bytes]:
    """A constant as it may be written."""
    match value:
        case bytes() if 0 < len(value) <= 32:
            yield value
        case str() if 0 < len(value) <= 32:
            yield value.encode(errors="replace")
        case bool():
            pass
        case int() if 0 <= value < 1 << 32:
            yield value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
        case tuple() | frozenset():
            for each in value:
                yield from _words(each)


def _change(
    made: bytearray, others: list[bytes], words: list[bytes], chance: random.Random
) -> None:
    at = chance.randrange(len(made) + 1)
    if chance.random() < 0.3:  # heads decide
        at = min(at, chance.randrange(64))
    end = min(len(made), at + int(chance.expovariate(1 / 16)) + 1)
    match chance.randrange(10):
        case 0 if at < end:
            made[at] ^= 1 << chance.randrange(8)
        case 1 if at < end:
            made[at] = chance.randrange(256)
        case 2:
            del made[at:end]
        case 3:
            made[at:at] = made[at:end] * chance.choice((1, 1, 2, 50))
        case 4:
            size = chance.choice((1, 2, 3, 4, 8))
            number = chance.choice(NUMBERS) + chance.randrange(-2, 3)
            number %= 1 << 8 * size
            made[at : at + size] = number.to_bytes(size, chance.choice(("big", "little")))
        case 5:
            made[at:at] = chance.choice(words)
        case 6:
            word = chance.choice(words)
            made[at : at + len(word)] = word
        case 7:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            made[at:end] = other[start : start + chance.choice((8, 64, 512, 4096))]
        case 8:
            lines = made.splitlines(keepends=True) or [bytearray()]
            one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[one], lines[two] = lines[two], lines[chance.choice((one, two))]
            made[:] = b"".join(lines)
        case _:
            made[at:at] = chance.randbytes(chance.choice((1, 4, 20)))


def _place(error: BaseException) -> str:
    """The last line of ours that an error went through."""
    seen = traceback.extract_tb(error.__traceback__)
    ours = [each for each in seen if each.filename.startswith(OURS)] or seen[-1:]
    where = [f"{each.filename.removeprefix(f'{HOUSE}/')}:{each.lineno}" for each in ours[-1:]]
    return where[0] if where else "nowhere"


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooSlow(f"more than {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
