"""How much effort captions may spend, so that they never fall behind the talk."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """What a step may cost."""

    beam: int = 5
    step: float = 1.0  # seconds of new sound from one step to the next
    partials: bool = True
    load: float = 1.0  # the share of the time that steps take, against the first level's


# From the best captions to the cheapest; a machine with a core to spare stays at the first. How
# much each saves: decisions/0027.
LEVELS = (
    Effort(),
    Effort(beam=2, load=0.85),
    Effort(beam=1, step=1.5, load=0.5),
    Effort(beam=1, step=2.5, partials=False, load=0.3),
)
BUSY = 0.9  # share of the time spent in steps: above, spend less
ROOM = 0.75  # what that share would be a level up: below, spend more
MEMORY = 0.2  # weight of the newest step in that share
CALM = 10  # steps with room in a row before more is spent again: easing off must not swing
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
        """Whether captions come later than they should."""
        return self.effort.step > LEVELS[0].step

    def observe(self, cost: float) -> None:
        """Learn that a step took `cost` seconds."""
        self._share += MEMORY * (cost / self.effort.step - self._share)
        room = self._level > 0 and self._share_at(self._level - 1) < ROOM
        self._calm = self._calm + 1 if room else 0
        if self._share > BUSY and self._level < len(LEVELS) - 1:
            self._move(self._level + 1)
        elif self._calm >= CALM:
            self._move(self._level - 1)

    def _share_at(self, level: int) -> float:
        return self._share * LEVELS[level].load / self.effort.load

    def _move(self, level: int) -> None:
        self._share = self._share_at(level)
        self._level = level
        self._calm = 0
