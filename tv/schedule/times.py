"""Days, hours and durations as schedules write them, read leniently."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from engagement.talks.plan import LONGEST_PLAN

_YEARS = range(1990, 2101)

_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FRENCH_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_CLOCK = re.compile(r"(\d{1,2})\s*(?:[:hH.]|heures?)\s*(\d{1,2})?(?::(\d{1,2}))?\s*(?:min)?")
_MINUTES = re.compile(r"(\d{1,4})\s*(?:min|minutes?|mn|['’′])?\.?")


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of that name (IANA); None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of zones
        return None


def moment(said: str, zone: tzinfo, day: str = "") -> float | None:
    """A moment in UTC seconds; None for what is none.

    `said` is a day with its hour, as ISO 8601 or as one writes it in French, or the hour alone of
    `day`; in `zone`, unless it has an offset of its own.
    """
    said = " ".join(said.split())
    try:
        whole = datetime.fromisoformat(said) if len(said) > 10 else None
    except ValueError:
        whole = None
    if whole is None:
        of = day_of(said)
        hour = clock_of(_without_day(said) if of else said)
        of = of or day_of(day)
        if of is None or hour is None:
            return None
        whole = datetime.combine(of, hour)
    return seconds(whole, zone)


def seconds(of: datetime, zone: tzinfo) -> float | None:
    """UTC seconds; None far from our days, where the arithmetic of time zones ends."""
    if of.year not in _YEARS:
        return None
    return (of if of.tzinfo else of.replace(tzinfo=zone)).timestamp()


def day_of(said: str) -> date | None:
    """The day that a text begins with."""
    said = said.strip()
    try:
        if found := _ISO_DAY.match(said):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _FRENCH_DAY.match(said):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    return None


def is_midnight(said: str) -> bool:
    """Whether a text is a day and 00:00 of no time zone: a cell of a spreadsheet that has a day."""
    return day_of(said) is not None and clock_of(_without_day(said)) == time()


def clock_of(said: str) -> time | None:
    """An hour of the day: 9:30, 09:30:00, 9h30, 9 h."""
    if found := _CLOCK.fullmatch(said.strip()):
        try:
            return time(int(found[1]), int(found[2] or 0), int(found[3] or 0))
        except ValueError:
            return None
    return None


def length(said: str) -> float | None:
    """A duration in seconds: 0:45, 1:30:00 (hours first), 1h30, 45 min, 45; None for none."""
    said = said.strip().lower()
    if found := _MINUTES.fullmatch(said):
        lasts = int(found[1]) * 60.0
    elif found := _CLOCK.fullmatch(said):
        lasts = int(found[1]) * 3600.0 + int(found[2] or 0) * 60.0 + int(found[3] or 0)
    else:
        return None
    return lasts if 0 < lasts <= LONGEST_PLAN else None


def local(at: float, zone: tzinfo) -> datetime:
    """The same moment as clocks on the wall say it."""
    return datetime.fromtimestamp(at, zone)


def as_clock(lasts: float) -> str:
    """A duration as frab writes it: hours and minutes."""
    hours, minutes = divmod(round(lasts / 60), 60)
    return f"{hours:02}:{minutes:02}"


def as_utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _without_day(said: str) -> str:
    rest = _FRENCH_DAY.sub("", _ISO_DAY.sub("", said, count=1), count=1)
    return rest.strip(" T,àa")
