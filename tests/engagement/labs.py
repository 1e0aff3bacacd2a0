"""A laboratory with a table where hosts write, for tests of what they make."""

from typing import Any

import msgspec

from engagement.audience import Audience, Saved
from engagement.cafe.events import CafeMade, CafeOpened
from engagement.cafe.session import Plan
from engagement.fold import Accepted, Item, Outcome
from engagement.syntheses.events import (
    CommentApproved,
    CommentWritten,
    SentToLab,
    SynthesisBegun,
    SynthesisRevised,
    SynthesisShared,
)
from engagement.syntheses.synthesis import Synthesis, Text
from tests.engagement.desk import Desk

TABLE = "labo-1.1"


class Labs(Desk):
    """A room with a laboratory of two tables, which is in a session, and a rundown."""

    def __init__(self) -> None:
        super().__init__()
        plan = Plan(title="Demain", prompts=("Que faut-il ?",), tables=(("labo-1", 2),))
        self.do(CafeMade, cafe="c", plan=plan)
        self.do(CafeOpened, cafe="c")

    def begin(self, name: str = "s", table: str = TABLE, **said: Any) -> Outcome:
        return self.do(SynthesisBegun, "host", synthesis=name, table=table, text=text(**said))

    def revise(self, name: str = "s", by: str = "host", **said: Any) -> Outcome:
        fields = {name: said.pop(name) for name in ("keeps", "expects") if name in said}
        return self.do(SynthesisRevised, by, synthesis=name, text=text(**said), **fields)

    def shared(self, *names: str, **more: Any) -> None:
        for name in names:
            self.begin(name)
            assert isinstance(self.do(SynthesisShared, "host", synthesis=name, **more), Accepted)

    def comment(self, name: str, by: str = "ann", at: float | None = None) -> Outcome:
        return self.do(CommentWritten, by, at=at, comment=name, synthesis="s", text="Bien vu")

    def commented(self, *names: str) -> None:
        for name in names:
            self.comment(name, by=f"author of {name}")
            assert isinstance(self.do(CommentApproved, comment=name), Accepted)

    def send(self, name: str = "x", kind: str = "message", **more: Any) -> Outcome:
        return self.do(SentToLab, sending=name, kind=kind, **more)

    def restarted(self) -> Audience:
        """What another process has, from what this one saved."""
        again = Audience()
        packed = msgspec.msgpack.encode(self.audience.saved())
        again.restore(msgspec.msgpack.decode(packed, type=Saved))
        return again

    def __call__(self, name: str = "s") -> Synthesis:
        return self.audience.syntheses.by_id[name]


def text(title: str = "Un atelier par immeuble", body: str = "Pour réparer.", **more: Any) -> Text:
    return Text(title=title, body=body, **more)


def shown(outcome: Outcome) -> Item:
    assert isinstance(outcome, Accepted), outcome
    return outcome.item
