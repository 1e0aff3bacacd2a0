"""Which source ought to be on air: a pure choice, so that every case of it can be tried."""

import math
from typing import Literal, NamedTuple, get_args

Slot = Literal["primary", "backup"]
OnAir = Literal["primary", "backup", "slate"]
Choice = Literal["auto", "primary", "backup", "slate"]
CHOICES: tuple[str, ...] = get_args(Choice)

DARK = 1.5  # seconds without a picture after which a source on air is lost
HOLD = 5.0  # seconds of steady picture before a source takes over from one that is fine


class Rules(NamedTuple):
    """When a source has to go, in seconds; 0 for what is not held against it.

    A source that is lost makes way for anything, one that is black, silent or frozen only for a
    better source: a poor picture is better than the slate. Frozen and silent are often meant so (a
    slide, a pause), hence nothing is said of them unless the crew asks for it.
    """

    loss: float = DARK
    black: float = 10.0
    silence: float = 0.0
    freeze: float = 0.0
    hold: float = HOLD
    prefer: Literal["primary", "none"] = "primary"  # "none": whoever is on air stays


class Facts(NamedTuple):
    """Since when a source has been so; None: it is not."""

    black_since: float | None = None
    silent_since: float | None = None
    frozen_since: float | None = None

    def ail(self, now: float, rules: Rules) -> bool:
        """Whether that has lasted too long for a source to be preferred."""
        judged = (
            (self.black_since, rules.black),
            (self.silent_since, rules.silence),
            (self.frozen_since, rules.freeze),
        )
        return any(most > 0 and since is not None and now - since >= most for since, most in judged)


class View(NamedTuple):
    """What is to be known of a source in order to choose."""

    slot: Slot
    picture_at: float  # when its last picture came
    steady_since: float  # since when its pictures have come without a stop
    patience: float  # seconds without a picture that are usual for it
    comeback: float  # seconds of steady picture that it owes when nothing better is on air
    hold: float  # seconds of steady picture that it owes when another source is on air
    ailing: bool = False  # black, silent or frozen for too long
    well_since: float = -math.inf  # since when it is not


def choose(
    now: float,
    on_air: OnAir,
    views: list[View],
    rules: Rules = Rules(),  # noqa: B008 -- frozen
    chosen: Choice = "auto",
) -> OnAir:
    """The slot that ought to be on air: the best of `views` that is there, else the slate.

    The crew's choice comes first while it is there, then who does not ail, then the first of
    `views` (or, without a preference, who is on air).
    """
    if chosen == "slate":
        return "slate"
    current = next((view for view in views if view.slot == on_air), None)
    if current is not None and now - current.picture_at >= rules.loss:
        current = None

    def is_there(view: View) -> bool:
        if view.slot == on_air:
            return current is not None
        # One that is better in itself need not wait until the other's habit of failing is over.
        waits = current is not None and (view.ailing or not current.ailing)
        if waits:
            steady, owed = now - max(view.steady_since, view.well_since), view.hold
        else:
            steady, owed = now - view.steady_since, view.comeback
        return now - view.picture_at < min(view.patience, rules.loss) and steady >= owed

    def rank(view: View) -> tuple[bool, bool, bool]:
        stays = view.slot == on_air and rules.prefer == "none"
        return view.slot != chosen, view.ailing, not stays

    return min(filter(is_there, views), key=rank).slot if any(map(is_there, views)) else "slate"
