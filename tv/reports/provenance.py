"""Where an idea comes from, in words: « table 3, tour 1 › table 7, tour 2 »."""

from collections.abc import Mapping

from engagement.cafe.session import lab_of
from engagement.ideas.idea import Idea, Stop
from tv.labs.naming import table_name
from tv.settings import Lab


def way(idea: Idea, labs: Mapping[str, Lab]) -> str:
    """The tables where an idea was, in that order; "" for an answer to a call."""
    if not idea.table:
        return ""
    stops = (Stop(idea.table, idea.round), *idea.stops)
    return " › ".join(_stop(stop, labs, idea.lab) for stop in stops)


def number_of(table: str) -> int | None:
    """The number of a table; None for none."""
    number = table.rpartition(".")[2]
    return int(number) if number else None


def _stop(stop: Stop, labs: Mapping[str, Lab], among: str) -> str:
    """A table is named with its laboratory where that is another than the idea's."""
    here = lab_of(stop.table) == among
    name = f"table {number_of(stop.table)}" if here else table_name(stop.table, labs)
    return name + (f", tour {stop.round}" if stop.round else "")
