"""What a write is told when what the store says and what is folded do not agree."""

import pytest
from redis.asyncio import Redis

from engagement.fold import Accepted
from engagement.happening import Happening, PhaseSet
from tv.journal import Journal, StoreUnavailable
from tv.limits import TooFast
from tv.writes import Told, Writes

ASKED = PhaseSet(id="e", at=1.0, by="crew", phase="open")
FOLDED = Accepted(Happening(id="event"))
TOO_FAST, LOST = TooFast(1.0, shared=False), StoreUnavailable("no replica has it")


@pytest.mark.parametrize(
    ("folded", "became", "what"),
    [
        # Sent again on another line, it is counted twice, and may be refused the second time.
        (FOLDED, TOO_FAST, FOLDED),
        (None, TOO_FAST, TOO_FAST),
        (FOLDED, LOST, LOST),
    ],
)
async def test_write_that_is_folded_is_told_so_unless_it_may_be_lost(
    folded: Accepted | None, became: Exception, what: Told
) -> None:
    told: list[Told] = []
    writes = Writes(Journal(Redis(), "fabrique:{test}:journal"), within=5.0)
    append = writes.submit(ASKED, (), told.append).append
    assert append is not None
    assert append.became is not None
    if folded is not None:
        writes.decide(ASKED, folded)
    append.became(became)
    assert told == [what]
