"""Where an entry that is on air shows: on which screens, and whether in the overlay."""

from collections.abc import Collection, Sequence

from engagement.rundown.entry import OVERLAY, Entry
from engagement.screens import Screen


def placed(on_air: Sequence[Entry], screens: Collection[Screen]) -> dict[str, tuple[Entry, ...]]:
    """What each place shows: the overlay, and every screen by its id.

    A screen that just came among others shows the last that was taken in each layer.
    """
    shown = {OVERLAY: tuple(filter(in_overlay, on_air))}
    for screen in screens:
        newest = {entry.layer: entry for entry in on_air if reaches(entry, screen)}
        shown[screen.id] = tuple(newest.values())
    return shown


def reaches(entry: Entry, screen: Screen) -> bool:
    """Whether a screen shows an entry that is on air.

    It never repeats what its picture already carries.
    """
    setting, content = screen.setting, entry.content
    if content.target == "overlay" or content.channel not in ("", setting.channel):
        return False
    if content.target == "both" and setting.carries_overlay and setting.face == "live":
        return False
    return not content.to or not set(content.to).isdisjoint(screen.names)


def in_overlay(entry: Entry) -> bool:
    return entry.content.target != "screens"


def meet(one: Entry, other: Entry, screens: Collection[Screen]) -> bool:
    """Whether two entries would be in each other's place somewhere, or both show nowhere yet."""
    if one.layer != other.layer:
        return False
    channels = {one.content.channel, other.content.channel}
    if in_overlay(one) and in_overlay(other) and ("" in channels or len(channels) == 1):
        return True
    mine, theirs = (
        {screen.id for screen in screens if reaches(entry, screen)} for entry in (one, other)
    )
    if in_overlay(one) or in_overlay(other) or mine or theirs:
        return not mine.isdisjoint(theirs)
    return True
