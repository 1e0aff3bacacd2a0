"""What tests of the web process have: the store of their own, and all of the process over it."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis) as served:
        yield served
