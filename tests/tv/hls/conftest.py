"""A site, and a client of it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.tv.hls.site import Site, visiting


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(site) as client:
        yield client
