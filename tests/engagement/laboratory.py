"""A room with laboratories whose tables make ideas."""

from typing import Any

from msgspec.structs import replace

from engagement.cafe.events import CafeMade, CafeOpened, RoundAdvanced
from engagement.cafe.session import Plan
from engagement.fold import Accepted, Outcome
from engagement.ideas.events import ClusterMade, IdeaCarried, IdeaDotted, IdeaMade
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Idea
from tests.engagement.room import Room

T3, T7 = "labo-1.3", "labo-1.7"
PLAN = Plan(title="Demain", prompts=("Que faut-il ?",), tables=(("labo-1", 8), ("labo-2", 2)))
CALL = Plan(title="Avant", prompts=("Qu’attendez-vous ?",), kind="call")


class Labs(Room):
    """A room with laboratories in the first round of a session, and a call."""

    def __init__(self, **plan: Any) -> None:
        super().__init__()
        for cafe, planned in (("c", replace(PLAN, **plan)), ("call", CALL)):
            self.do(CafeMade, cafe=cafe, plan=planned)
            self.do(CafeOpened, cafe=cafe)
        self.advance()

    @property
    def ideas(self) -> Ideas:
        return self.audience.ideas

    def advance(self) -> None:
        """The next round, or gathering, with no time to move."""
        for _ in range(2):
            self.do(RoundAdvanced, cafe="c")
            if self.audience.cafes.progress["labo-1"].step != "moving":
                return

    def make(self, idea: str, by: str = "ann", table: str = T3, **more: Any) -> Outcome:
        fields = {"text": f"Idée {idea}", "cafe": "c"} | more
        return self.do(IdeaMade, by, idea=idea, table=table, **fields)

    def answer(self, idea: str, by: str = "ann", **more: Any) -> Outcome:
        return self.make(idea, by, table="", cafe="call", **more)

    def dot(self, idea: str, dots: int, by: str = "bob") -> Outcome:
        return self.do(IdeaDotted, by, idea=idea, dots=dots)

    def carry(self, idea: str, table: str = T7, by: str = "bob", **more: Any) -> Outcome:
        return self.do(IdeaCarried, by, idea=idea, table=table, **more)

    def group(self, cluster: str, *ideas: str, table: str = T3) -> Outcome:
        return self.do(ClusterMade, cluster=cluster, table=table, name="Loyers", ideas=ideas)

    def __getitem__(self, idea: str) -> Idea:  # type: ignore[override]
        return self.ideas.by_id[idea]


def accepted(*outcomes: Outcome) -> bool:
    return all(isinstance(outcome, Accepted) for outcome in outcomes)
