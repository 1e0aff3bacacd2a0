"""A room in the middle of a vote: a web process dies, the store goes; nothing is lost or doubled.

The product's own processes over a real store, with people who do not give up. The same with two
thousand of them: `make bench-engagement`.
"""

import asyncio

from benchmarks import _outages, _random_acts
from benchmarks._venue import venue

PEOPLE = 40
OVER = 3.0  # seconds in which they vote


def whole(row: _outages.Row) -> None:
    """Assert that everything acknowledged is there once, and that everybody sees it."""
    assert (row["lost"], row["double"], row["votes_as_cast"]) == (0, 0, True), row
    assert row["there_after_30_s"] == 1.0, row
    assert row["views_begun_anew"] == 0, row


async def test_killed_web_process_loses_no_act_and_its_pages_come_back() -> None:
    with venue(CAPTIONS__CHANNELS="") as ours:
        server = ours.web()
        poll, people = ours.open_poll(server), ours.people(PEOPLE)
        row = await _outages.interrupted(
            ours, server, poll, people, OVER, lambda: _outages.killed(server)
        )
    whole(row)
    assert row["pages_that_had_gone"] == PEOPLE


async def test_store_away_during_a_vote_loses_no_act_and_no_page() -> None:
    with venue(CAPTIONS__CHANNELS="") as ours:
        server = ours.web()
        poll, people = ours.open_poll(server), ours.people(PEOPLE)
        row = await _outages.interrupted(
            ours, server, poll, people, OVER, lambda: _outages.store_away(ours, 2.0)
        )
    whole(row)
    assert row["pages_that_had_gone"] == 0  # they stay, and are told when it goes on


async def test_two_web_processes_are_one_room() -> None:
    with venue(CAPTIONS__CHANNELS="") as ours:
        one, other = ours.web(), ours.web()
        row = await _outages.two_processes(ours, one, other, acts=5)
        assert row["same"]
        async with asyncio.timeout(60):
            await _random_acts.write(ours, 1_000, seed=3)
            await _random_acts.folded(ours, (one, other))
            assert await _random_acts.agree(ours, (one, other))
