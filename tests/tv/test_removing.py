"""What is removed once is removed, however often that is asked."""

import asyncio

import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.test_api import problem
from tests.tv.test_cafes import CAFES, SESSION, SETTINGS, good
from tests.tv.test_rundown import paired

POLL = {"talk": "direct", "type": "text", "prompt": "Pourquoi ?"}
SAID = {"type": "message", "text": "Cinq minutes", "labs": ["labo-2"]}


async def made(tv: House, what: str) -> str:
    """The address of a new thing."""
    async with tv.crew() as crew:
        match what:
            case "screens":
                return f"/api/v1/screens/{(await paired(tv, crew))[0]}"
            case "polls":
                new = await good(crew.post("/api/v1/polls", json=POLL), 201)
            case "rundown":
                entry = {"type": "announcement", "text": "Un"}
                new = await good(crew.post("/api/v1/rundown", json=entry), 201)
            case "sendings":
                new = await good(crew.post("/api/v1/sendings", json=SAID), 201)
            case "cafes":
                new = await good(crew.post(CAFES, json=SESSION), 201)
            case "talks":
                new = await good(crew.post("/api/v1/talks", json={"title": "Loger"}), 201)
            case "clusters":
                cafe = await good(crew.post(CAFES, json=SESSION), 201)
                await good(crew.post(f"{CAFES}/{cafe['id']}:open"))
                group = {"table": "labo-1.1", "name": "Les vélos", "contributions": []}
                new = await good(crew.post("/api/v1/clusters", json=group), 201)
    return f"/api/v1/{what}/{new['id']}"


@pytest.mark.parametrize(
    "what", ["screens", "polls", "rundown", "sendings", "cafes", "talks", "clusters"]
)
async def test_removal_tried_again_is_answered_as_the_first_was(redis: Redis, what: str) -> None:
    key = {"idempotency-key": "once"}
    async with house(redis, SETTINGS) as tv, tv.crew() as crew, tv.someone() as ann:
        address = await made(tv, what)
        tries = [crew.delete(address, headers=headers) for headers in (key, key, {}, {})]
        answers = await asyncio.gather(*tries)
        answers += [await crew.delete(address, headers=headers) for headers in (key, {})]
        assert {each.status_code for each in answers} <= {200, 204}
        assert len({(each.status_code, each.text) for each in answers}) == 1
        assert (await ann.delete(address)).status_code in (401, 403, 404)
        problem(await crew.delete(f"{address}-not"), 404, f"unknown-{NAMES.get(what, what[:-1])}")


NAMES = {"rundown": "entry"}
