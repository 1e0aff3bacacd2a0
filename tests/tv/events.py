"""The journal's events one by one, as tests look at them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from engagement.changes import START
from tv.journal import Journal, Read


async def events_of(journal: Journal, after: str = START) -> AsyncGenerator[Read]:
    """Those after a position, each with its own, then each new one."""
    async with aclosing(journal.pages(after)) as pages:
        async for page in pages:
            for each in page:
                yield each
