"""Items in the order of their last change, so that a page gets only what it has not seen."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

START = "0-0"  # the position before the first event


def order(position: str) -> tuple[int, int]:
    """A position of the journal as numbers that compare as the journal orders them.

    No position at all ("") comes before the first.
    """
    if not position:
        return -1, 0
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence or 0)


class Changes(Generic[T]):
    """A dictionary that remembers when each key was last put, as positions that only grow."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[tuple[int, int], T]] = {}
        self.version = ""  # the position of the last change
        self.forgotten = ""  # the position of the last change of what is no longer there

    def put(self, position: str, key: str, item: T) -> None:
        self._items.pop(key, None)  # to the end: dictionaries keep the order of insertion
        self._items[key] = (order(position), item)
        self.version = position

    def forget(self, key: str) -> None:
        """Drop an item that no newcomer needs."""
        (milliseconds, sequence), _ = self._items.pop(key)
        self.forgotten = max(self.forgotten, f"{milliseconds}-{sequence}", key=order)

    def position(self, key: str) -> str:
        """When an item was put last."""
        (milliseconds, sequence), _ = self._items[key]
        return f"{milliseconds}-{sequence}"

    def begin(self, position: str) -> None:
        """Have nothing, from `position` on: whoever knows an older version starts over."""
        self._items.clear()
        self.version = self.forgotten = position

    def since(self, position: str) -> list[T]:
        """What was put after `position`, the oldest change first."""
        after = order(position)
        fresh: list[T] = []
        for at, item in reversed(self._items.values()):
            if at <= after:
                break
            fresh.append(item)
        fresh.reverse()
        return fresh

    def __iter__(self) -> Iterator[T]:
        """All items, the oldest change first."""
        for _, item in self._items.values():
            yield item

    def __len__(self) -> int:
        return len(self._items)
