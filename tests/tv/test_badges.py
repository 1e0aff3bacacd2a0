"""Badges on texts of the crew and hosts; no pseudonym gives a badge."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.test_cafes import SETTINGS, good
from tests.tv.test_ideas import HERE, made, session
from tv.auth import Role

ASK = "/api/v1/talks/direct/questions"


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> AsyncIterator[House]:
    async with house(redis, SETTINGS, data=tmp_path) as served:
        yield served


async def test_crew_and_hosts_have_a_badge_and_people_none(tv: House) -> None:
    cafe = await session(tv)
    async with (
        tv.crew(Role.MODERATOR) as crew,
        tv.crew(Role.HOST, table=HERE) as host,
        tv.someone(place=HERE) as ann,
    ):
        for person, badge in ((crew, "crew"), (host, "host"), (ann, "")):
            told: list[Any] = [
                await good(person.post(ASK, json={"body": "Et les charges ?"}), 201),
                await good(person.post("/api/v1/wall/posts", json={"text": "Bravo"}), 201),
                await made(person, cafe),
            ]
            assert [each["badge"] for each in told] == [badge] * 3
        aloud = {"body": "Qui paie ?", "author": "Un monsieur"}
        said = await good(crew.post(f"{ASK}:room", json=aloud), 201)
        assert (said["badge"], said["from_room"]) == ("crew", True)
