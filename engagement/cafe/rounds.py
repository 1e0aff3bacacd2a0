"""The steps of a laboratory: rounds with a timer, time to move, at the end gathering."""

from typing import get_args

from msgspec.structs import replace

from engagement.cafe.events import RoundAdvanced, RoundExtended, RoundPaused, RoundResumed
from engagement.cafe.session import Plan, Progress, Step

LONGEST = 4 * 3600.0  # seconds that a step may still have

AnyDriven = RoundAdvanced | RoundExtended | RoundPaused | RoundResumed

_STEPS = get_args(Step)


def driven(plan: Plan, progress: Progress, event: AnyDriven) -> Progress | None:
    """How far a laboratory is after `event`; None when that has no effect there."""
    match event:
        case RoundAdvanced(at=at):
            return following(plan, progress, at)
        case RoundPaused(at=at):
            return None if progress.ends_at is None else paused(progress, at)
        case RoundResumed(at=at) if progress.left is not None:
            return replace(progress, ends_at=at + progress.left, left=None)
        case RoundExtended(at=at, seconds=seconds) if progress.ends_at is not None:
            return replace(progress, ends_at=at + _within(progress.ends_at - at + seconds))
        case RoundExtended(seconds=seconds) if progress.left is not None:
            return replace(progress, left=_within(progress.left + seconds))
    return None


def following(plan: Plan, progress: Progress, at: float) -> Progress | None:
    """The step after the one under way; None after the last."""
    ahead = progress.round < plan.rounds
    if ahead and progress.step == "round" and plan.moving_seconds > 0:
        return _begun(progress, "moving", progress.round, at, plan.moving_seconds)
    if ahead:
        return _begun(progress, "round", progress.round + 1, at, plan.round_seconds)
    if progress.step == "gathering":
        return None
    return _begun(progress, "gathering", progress.round, at, None)


def paused(progress: Progress, at: float) -> Progress:
    """With its time, if it has any, standing still."""
    if progress.ends_at is None:
        return progress
    return replace(progress, ends_at=None, left=_within(progress.ends_at - at))


def round_of_seats(progress: Progress) -> int:
    """The round for which people sit down now."""
    ahead = progress.step in ("waiting", "moving")
    return progress.round + 1 if ahead else progress.round


def reached(progress: Progress) -> tuple[int, int]:
    """How far one is, as numbers that compare."""
    return progress.round, _STEPS.index(progress.step)


def _begun(
    progress: Progress, step: Step, round: int, at: float, seconds: float | None
) -> Progress:
    ends_at = None if seconds is None else at + seconds
    return replace(progress, step=step, round=round, since=at, ends_at=ends_at, left=None)


def _within(left: float) -> float:
    return min(max(0.0, left), LONGEST)
