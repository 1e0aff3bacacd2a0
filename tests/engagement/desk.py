"""A room with a rundown in it."""

from typing import Any

import msgspec

from engagement import audience
from engagement.fold import Accepted, Outcome
from engagement.rundown.entry import Content
from engagement.rundown.events import EntryAdded, EntryTaken
from engagement.rundown.fold import Rundown
from engagement.screens import ScreenPaired, Setting
from tests.engagement.room import Room


class Desk(Room):
    """A room with a rundown in it."""

    @property
    def rundown(self) -> Rundown:
        return self.audience.rundown

    def add(self, entry: str, kind: str = "announcement", shows: str = "", **said: Any) -> Outcome:
        content = Content(**{"title": entry, "text": entry} | said)
        return self.do(EntryAdded, entry=entry, kind=kind, content=content, shows=shows)

    def take(self, entry: str, at: float | None = None) -> Outcome:
        return self.do(EntryTaken, entry=entry, at=at)

    def taken(self, entry: str, kind: str = "announcement", **said: Any) -> None:
        """Add and take one; `said` is as in `add`."""
        self.add(entry, kind, **said)
        assert isinstance(self.take(entry), Accepted)

    def pair(self, *screens: str, **setting: Any) -> None:
        for screen in screens:
            said = {"name": screen, "channel": "plateau"} | setting
            self.do(ScreenPaired, screen=screen, setting=Setting(**said))

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.audience.saved())
        self.audience.restore(msgspec.msgpack.decode(packed, type=audience.Saved))

    def on(self, place: str) -> list[str]:
        """What a place shows."""
        return [entry.id for entry in self.rundown.air(place).entries]

    def state(self, entry: str) -> str:
        found = self.rundown.find(entry)
        assert found
        return found.state
