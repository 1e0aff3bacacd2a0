"""Screens: displays in the rooms, paired once, told from the control room what to show."""

from collections.abc import Collection
from typing import ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from engagement.fold import (
    Accepted,
    Event,
    Fold,
    Item,
    Making,
    Outcome,
    Reason,
    Refused,
    View,
    outdated,
)

SCREENS = 200  # at a time

Face = Literal["live", "air", "wall", "lab", "comparison"]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen is told to be.

    `face` is what it shows: a channel's picture, only what is on air, the wall, how far the
    laboratory `lab` is, or all laboratories side by side; what is on air for it comes on top.
    `group` names it together with others. `carries_overlay`: the picture it gets has the overlay in
    it already. `sound`: one hears it; most screens hang where the set itself is heard.
    """

    name: str
    face: Face = "live"
    channel: str = ""
    lab: str = ""
    group: str = ""
    carries_overlay: bool = False
    sound: bool = False


class ScreenPaired(Making, frozen=True):
    """A display that showed its code to somebody of the crew becomes a screen."""

    makes: ClassVar[str] = "screen"

    screen: str
    setting: Setting


class ScreenEvent(Event, frozen=True):
    screen: str


class ScreenSet(ScreenEvent, frozen=True):
    """It is to be something else from now on."""

    setting: Setting


class ScreenSpotted(ScreenEvent, frozen=True):
    """« Repérer cet écran » : it shows its name for a while."""


class ScreenRemoved(ScreenEvent, frozen=True):
    """Its pass opens nothing any more."""


AnyScreenEvent = ScreenPaired | ScreenSet | ScreenSpotted | ScreenRemoved


class Screen(Item, frozen=True, kw_only=True):
    """`spotted_at`: when somebody last asked which one it is; `paired_as`: what it was at first."""

    setting: Setting
    paired_as: Setting
    paired_at: float
    spotted_at: float | None = None
    removed: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("screens", "", ""), ("screen", self.id, ""))

    @property
    def public(self) -> bool:
        return False

    @property
    def gone(self) -> bool:
        return self.removed

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which items for air are sent to it."""
        return (self.id, self.setting.group) if self.setting.group else (self.id,)


class Saved(msgspec.Struct, frozen=True):
    screens: tuple[Screen, ...]


class Screens(Fold):
    """All screens by id, in the order of their pairing."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyScreenEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved
    rehearsed: ClassVar[bool] = False  # what hangs on the walls stays there

    def __init__(self) -> None:
        super().__init__()
        self._by_id: dict[str, Screen] = {}

    def find(self, screen: str, *, gone: bool = False) -> Screen | None:
        """One that is there; or, with `gone`, was."""
        found = self._by_id.get(screen)
        return None if found is None or (found.removed and not gone) else found

    def all(self) -> list[Screen]:
        return [screen for screen in self._by_id.values() if not screen.removed]

    def apply(self, position: str, event: AnyScreenEvent) -> Outcome:
        if isinstance(event, ScreenPaired):
            return self._pair(position, event)
        screen = self.find(event.screen)
        if screen is None:
            return Refused(Reason.UNKNOWN_SCREEN)
        if outdated(event, screen):
            return Refused(Reason.CHANGED, screen)
        match event:
            case ScreenSet(setting=setting):
                screen = replace(screen, setting=setting)
            case ScreenSpotted(at=at):
                screen = replace(screen, spotted_at=at)
            case ScreenRemoved():
                screen = replace(screen, removed=True)
        return Accepted(self._put(position, screen))

    def standing(self, event: AnyScreenEvent) -> Item | None:
        return self.find(event.screen, gone=isinstance(event, ScreenRemoved))

    def items(self) -> Collection[Item]:
        return self._by_id.values()

    def saved(self) -> Saved:
        return Saved(tuple(self._by_id.values()))

    def restore(self, saved: Saved) -> None:
        self._by_id = {screen.id: screen for screen in saved.screens}

    def _pair(self, position: str, event: ScreenPaired) -> Outcome:
        if known := self._by_id.get(event.screen):
            if known.removed:
                return Refused(Reason.UNKNOWN_SCREEN)
            same = known.paired_as == event.setting
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        if len(self.all()) >= SCREENS:
            return Refused(Reason.TOO_MANY_SCREENS)
        paired = Screen(
            id=event.screen,
            setting=event.setting,
            paired_as=event.setting,
            paired_at=event.at,
        )
        return Accepted(self._put(position, paired))

    def _put(self, position: str, screen: Screen) -> Screen:
        self._by_id[screen.id] = screen = replace(screen, version=position)
        self.touched.append(screen)
        return screen
