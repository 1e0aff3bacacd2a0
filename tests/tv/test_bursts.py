"""Support and dots of bursts, through the API: aside until a moderator counts them."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from engagement.bursts import AT_ONCE
from tests.tv.house import House, house
from tests.tv.test_api import problem
from tests.tv.test_cafes import SETTINGS, good
from tests.tv.test_ideas import HERE, IDEAS, made, session
from tests.tv.test_syntheses import begun, host_of
from tv.auth import Role

DEVICES = 2 * AT_ONCE  # so that they come in a burst on a slow machine too


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, SETTINGS) as served:
        yield served


async def burst(tv: House, method: str, url: str, **said: object) -> None:
    """Send one request each from more new devices than count, from one address."""
    async with tv.client() as client:
        for _ in range(DEVICES):
            headers = {"authorization": f"Bearer {tv.passes.welcome()[1]}"}
            await good(client.request(method, url, headers=headers, json=said))


async def counted(tv: House, url: str, accept: str, counts: str, aside: str) -> None:
    """Check that the crew sees the number set aside, and that a moderator can count it."""
    async with (
        tv.crew(Role.MODERATOR) as crew,
        tv.crew(Role.PRESENTER) as presenter,
        tv.someone() as ann,
    ):
        seen = await good(crew.get(url))
        assert seen[counts] >= AT_ONCE
        assert seen[aside] == DEVICES - seen[counts] > 0
        assert aside not in await good(ann.get(url))
        for refused in (ann, presenter):
            problem(await refused.post(f"{url}:{accept}"), 403, "role-required")
        after = await good(crew.post(f"{url}:{accept}"))
        assert (after[counts], after[aside]) == (DEVICES, 0)


async def test_support_of_a_post(tv: House) -> None:
    async with tv.crew(Role.MODERATOR) as crew, tv.someone() as ann:
        post = await good(ann.post("/api/v1/wall/posts", json={"text": "Bonjour"}), 201)
        url = f"/api/v1/wall/posts/{post['id']}"
        await good(crew.post(f"{url}:approve"))
        await good(crew.post(f"{url}:show"))
    await burst(tv, "PUT", f"{url}/support")
    await counted(tv, url, "accept_support", "support", "support_aside")


async def test_support_of_a_synthesis(tv: House) -> None:
    await session(tv)
    async with host_of(tv, "labo-1.1") as anne:
        url = (await begun(anne, "labo-1.1"))["url"]
        await good(anne.post(f"{url}:share", json={"open": True}))
    await burst(tv, "PUT", f"{url}/support")
    await counted(tv, url, "accept_support", "support", "support_aside")


async def test_dots_on_an_idea(tv: House) -> None:
    cafe = await session(tv)
    async with tv.someone(place=HERE) as ann:
        idea = (await made(ann, cafe))["id"]
    url = f"{IDEAS}/{idea}"
    await burst(tv, "PUT", f"{url}/dots", dots=1)
    asked = {"aside": "dots", "state": "shown"}
    async with tv.crew(Role.MODERATOR) as crew, tv.someone() as ann:
        listed = (await good(crew.get(IDEAS, params=asked)))["items"]
        assert [each["id"] for each in listed] == [idea]
        problem(await ann.get(IDEAS, params=asked), 403, "role-required")
    await counted(tv, url, "accept_dots", "dots", "dots_aside")
    async with tv.crew(Role.MODERATOR) as crew:
        assert (await good(crew.get(IDEAS, params=asked)))["items"] == []
