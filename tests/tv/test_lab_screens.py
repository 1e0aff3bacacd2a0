"""Screens that show laboratories: which one is checked, and stays when the face changes."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.test_api import problem
from tests.tv.test_rundown import paired
from tv.auth import Role
from tv.settings import load

SETTINGS = load(None, {"FABRIQUE_LABS__CUISINE__NAME": "La cuisine"})


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, SETTINGS) as served:
        yield served


async def test_screen_shows_a_laboratory_that_exists(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew:
        screen, _ = await paired(tv, crew)
        place = f"/api/v1/screens/{screen}"
        for wrong in ({"face": "lab"}, {"lab": "grenier"}, {"face": "lab", "lab": ""}):
            problem(await crew.patch(place, json=wrong), 422, "unknown-lab")
        assert (await crew.get(place)).json()["face"] == "live"
        shown = (await crew.patch(place, json={"face": "lab", "lab": "cuisine"})).json()
        assert (shown["face"], shown["lab"]) == ("lab", "cuisine")
        compared = (await crew.patch(place, json={"face": "comparison"})).json()
        assert (compared["face"], compared["lab"]) == ("comparison", "cuisine")
        assert (await crew.patch(place, json={"lab": ""})).json()["lab"] == ""
