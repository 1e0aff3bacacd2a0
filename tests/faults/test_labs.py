"""A round goes on whatever happens: the store goes away, ideas come late, or twice.

A small world café through the API. The same with six laboratories: `python -m benchmarks.labs`.
"""

from benchmarks import _cafe_event, _outages
from benchmarks._cafe_event import Size
from benchmarks._venue import venue

SMALL = Size(labs=1, tables=3, rounds=2, people=2, ideas=24, seconds=2.0)


async def test_store_away_in_a_round_loses_no_idea_and_doubles_none() -> None:
    with venue(CAPTIONS__CHANNELS="", **SMALL.settings()) as ours:
        row = await _cafe_event.held(
            ours, ours.web(), SMALL, lambda: _outages.store_away(ours, 2.0)
        )
    assert (row["ideas"], row["lost"], row["double"]) == (SMALL.ideas, 0, 0), row
    assert row["statuses"].get("503"), "the store was never missed"
    assert row["syntheses"] == 3
