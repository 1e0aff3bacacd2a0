"""How much effort captions may spend, so that they never fall behind the talk."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """What a step may cost."""

    beam: int = 5
    step: float = 1.0  # seconds of new sound from one step to the next
    partials: bool = True


# From the best captions to the cheapest; a machine with a core to spare stays at the first.
LEVELS = (
    Effort(),
    Effort(beam=1),
    Effort(beam=1, step=1.5),
    Effort(beam=1, step=2.5, partials=False),
)
BUSY, IDLE = 0.9, 0.4  # share of the time spent in steps: above, spend less; below, spend more
MEMORY = 0.2  # weight of the newest step in that share
CALM = 10  # idle steps in a row before more is spent again: easing off must not swing
HOPELESS = 8.0  # seconds of sound behind: what waits is let go, captions go on live


class Pace:
    """Chooses a level from what the last steps cost. It is told of time, it looks at no clock."""

    def __init__(self) -> None:
        self._level = 0
        self._share = 0.0
        self._calm = 0

    @property
    def effort(self) -> Effort:
        return LEVELS[self._level]

    @property
    def late(self) -> bool:
        """Whether captions are poorer than they should be."""
        return self._level > 0

    def observe(self, cost: float) -> None:
        """Learn that a step took `cost` seconds."""
        self._share += MEMORY * (cost / self.effort.step - self._share)
        self._calm = self._calm + 1 if self._share < IDLE else 0
        if self._share > BUSY and self._level < len(LEVELS) - 1:
            self._move(1)
        elif self._calm >= CALM and self._level > 0:
            self._move(-1)

    def _move(self, by: int) -> None:
        self._level += by
        self._share = (BUSY + IDLE) / 2
        self._calm = 0
