"""Which source ought to be on air: a pure choice, so that every case of it can be tried."""

import math
from typing import Literal, NamedTuple

Slot = Literal["primary", "backup"]
OnAir = Literal["primary", "backup", "slate"]

DARK = 1.5  # seconds without a picture after which a source on air is lost


class View(NamedTuple):
    """What is to be known of a source in order to choose."""

    slot: Slot
    picture_at: float  # when its last picture came
    steady_since: float  # since when its pictures have come without a stop
    patience: float  # seconds without a picture that are usual for it
    comeback: float  # seconds of steady picture that it owes when nothing better is on air
    hold: float  # seconds of steady picture that it owes when another source is on air


def choose(now: float, on_air: OnAir, views: list[View]) -> OnAir:
    """The slot that ought to be on air: the first of `views` that deserves it, else the slate."""
    dark = {view.slot: now - view.picture_at for view in views}
    alive = dark.get(on_air, math.inf) < DARK if on_air != "slate" else False
    for view in views:
        if view.slot == on_air:
            if alive:
                return view.slot
            continue
        owed = view.hold if alive else view.comeback
        if dark[view.slot] < view.patience and now - view.steady_since >= owed:
            return view.slot
    return "slate"
