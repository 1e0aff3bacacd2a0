"""Devices whose sending moderators stopped: what they write from then on has no effect.

A block is by participant: for a device of one's own that is the device, on a shared tablet the
person who used it. It ends when a moderator says so, or when the participant erases themselves.
"""

from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.alerts import AlertRaised
from engagement.batches import Batches, ReadKind
from engagement.fold import Accepted, Event, Fold, Item, Making, Outcome, Reason, Refused, View
from engagement.polls import BallotCast

MOST = 2_000  # participants that were ever blocked

BLOCKS: View = ("blocks", "", "")


class DeviceBlocked(Event, frozen=True):
    """A moderator blocks a participant; the participant's pending things are rejected."""

    participant: str
    name: str = ""


class DeviceUnblocked(Event, frozen=True):
    """A moderator lets them write again; what the block rejected waits to be read again."""

    participant: str
    name: str = ""


AnyBlockEvent = DeviceBlocked | DeviceUnblocked


class Block(Item, frozen=True, kw_only=True):
    """For the moderators: who is blocked, since when, and by whom; `name` is of the crew.

    `rejected` are the ids of what the block rejected, by kind. `lifted`: it is over.
    """

    participant: str
    blocked_at: float
    name: str = ""
    rejected: tuple[tuple[ReadKind, tuple[str, ...]], ...] = ()
    lifted: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (BLOCKS,)

    @property
    def public(self) -> bool:
        return False

    @property
    def gone(self) -> bool:
        return self.lifted


class Saved(msgspec.Struct, frozen=True):
    blocks: tuple[Block, ...]


class Blocks(Fold):
    """All blocks by participant, including those that were lifted."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyBlockEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches
        self._of: dict[str, Block] = {}

    def refuses(self, event: Event) -> bool:
        """True if a blocked participant writes something by this act.

        Votes, support and seats still count: nobody reads them. Acts of the crew always count.
        """
        if not self._of or event.origin is None:
            return False
        block = self._of.get(event.by)
        return block is not None and not block.lifted and _writes(event)

    def blocked(self) -> list[Block]:
        """The blocks that were not lifted, the oldest first."""
        return [block for block in self._of.values() if not block.lifted]

    def of(self, participant: str) -> Block | None:
        """The block of a participant, if it holds."""
        block = self._of.get(participant)
        return block if block and not block.lifted else None

    def apply(self, position: str, event: AnyBlockEvent) -> Outcome:
        block = self._of.get(event.participant)
        if isinstance(event, DeviceBlocked):
            return self._block(position, event, block)
        if block is None:
            return Refused(Reason.UNKNOWN_DEVICE)
        if block.lifted:
            return Refused(Reason.WRONG_STATE)
        for kind, names in block.rejected:
            self._batches.read_again(position, kind, names, event, event.name)
        return Accepted(self._put(position, replace(block, lifted=True, rejected=())))

    def standing(self, event: AnyBlockEvent) -> Item | None:
        return self._of.get(event.participant)

    def items(self) -> Collection[Item]:
        return self._of.values()

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        if block := self._of.pop(participant, None):
            over = replace(block, participant=stand_in, lifted=True, rejected=(), name="")
            self._put(position, over)

    def saved(self) -> Saved:
        return Saved(tuple(self._of.values()))

    def restore(self, saved: Saved) -> None:
        self._of = {block.participant: block for block in saved.blocks}

    def _block(self, position: str, event: DeviceBlocked, before: Block | None) -> Outcome:
        if before and not before.lifted:
            return Accepted(before)  # two moderators press at once
        if before is None and len(self._of) >= MOST:
            return Refused(Reason.TOO_MANY_BLOCKS)
        waiting = self._batches.waiting_of(event.participant)
        rejected = tuple(
            (kind, self._batches.reject(position, kind, names, event, name=event.name))
            for kind, names in waiting.items()
            if names
        )
        block = Block(
            id=before.id if before else f"b_{event.id}",
            participant=event.participant,
            blocked_at=event.at,
            name=event.name,
            rejected=rejected,
        )
        return Accepted(self._put(position, block))

    def _put(self, position: str, block: Block) -> Block:
        self._of[block.participant] = block = replace(block, version=position)
        self.touched.append(block)
        return block


def _writes(event: Event) -> bool:
    """True if an act has content that others may read. A ballot without choices has words."""
    return isinstance(event, Making | AlertRaised) or (
        isinstance(event, BallotCast) and not event.choices
    )
