"""Floods of free tokens through the API: they leave room for the people beside them."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Iterable

import httpx
import pytest
from redis.asyncio import Redis

from engagement.ideas.fold import TABLE_BURST
from engagement.ideas.places import MADE
from engagement.origin import SETTLED_AFTER_S
from engagement.questions import PENDING_EACH, PENDING_LIMIT
from tests.tv.house import House, house
from tv.auth import Role
from tv.pages.api_participants import Wave
from tv.settings import load

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
QUESTIONS = "/api/v1/talks/direct/questions"
TABLE = "labo-1.3"
LABS = {"FABRIQUE_LABS__LABO_1__NAME": "Labo Un"}
RATE = "FABRIQUE_LIMITS__NEWCOMERS_TEXTS"
FAST = {f"{RATE}__BURST": "1000000", f"{RATE}__PER_SECOND": "1000"}  # the room is what is limited
SLOW = {f"{RATE}__BURST": "20", f"{RATE}__PER_SECOND": "0.001"}


class Crowd:
    """People of a house, who ask from an address over some connections."""

    def __init__(self, here: House, client: httpx.AsyncClient) -> None:
        self._passes = here.passes
        self._client = client
        self._turns = asyncio.Semaphore(20)

    def token(self, age: float = 0.0, place: str = "") -> str:
        return self._passes.welcome(joined=time.time() - age, place=place)[1]

    async def post(self, url: str, token: str, address: str = HERE, **body: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
        async with self._turns:
            return await self._client.post(url, json=body, headers=headers)


def outcome(answer: httpx.Response) -> str:
    """ "201", or the code of a refusal."""
    if answer.is_success:
        return str(answer.status_code)
    return str(answer.json()["type"]).rpartition(":")[2]


async def outcomes(asked: Iterable[Awaitable[httpx.Response]]) -> Counter[str]:
    return Counter(map(outcome, await asyncio.gather(*asked)))


async def test_questions_are_open_to_others_while_fresh_tokens_flood_them(redis: Redis) -> None:
    async with asyncio.timeout(120), house(redis, load(None, FAST)) as here, here.client() as web:
        crowd, share = Crowd(here, web), PENDING_LIMIT // 4
        tokens = [crowd.token() for _ in range(share // 8 + 8)]
        flood = (
            crowd.post(QUESTIONS, token, body=f"Pourquoi {number} ?")
            for number in range(8)
            for token in tokens
        )
        taken = await outcomes(flood)
        assert taken == {"201": share, "newcomer-quota-exceeded": 8 * len(tokens) - share}
        refused = await crowd.post(QUESTIONS, crowd.token(), body="Et moi ?")
        assert refused.status_code == 429
        assert "viennent d’arriver" in refused.json()["detail"]
        assert 290 < int(refused.headers["retry-after"]) <= 300
        others = [
            crowd.post(QUESTIONS, crowd.token(), ELSEWHERE, body="D’ailleurs ?"),
            crowd.post(QUESTIONS, crowd.token(SETTLED_AFTER_S), body="Depuis un moment ?"),
            crowd.post(QUESTIONS, crowd.token(place=TABLE), body="De ma table ?"),
        ]
        assert await outcomes(others) == {"201": 3}


async def test_what_newcomers_of_a_network_write_is_slowed_down(redis: Redis) -> None:
    async with asyncio.timeout(60), house(redis, load(None, SLOW)) as here, here.client() as web:
        crowd = Crowd(here, web)
        tokens = [crowd.token() for _ in range(60)]
        flood = (crowd.post(QUESTIONS, token, body=f"Oui {n} ?") for n, token in enumerate(tokens))
        taken = await outcomes(flood)
        assert taken.keys() == {"201", "newcomer-quota-exceeded"}
        assert taken["201"] in range(20, 41)  # of two minutes, should the one just end
        refused = await crowd.post(QUESTIONS, tokens[-1], body="Encore ?")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
        assert "viennent d’arriver" in refused.json()["detail"]
        for age in (120.0, SETTLED_AFTER_S):
            before = await crowd.post(QUESTIONS, crowd.token(age), body="Et moi ?")
            assert before.status_code == 201


async def test_table_takes_cards_of_those_there_while_outsiders_flood_it(redis: Redis) -> None:
    settings = load(None, LABS | FAST)
    async with (
        asyncio.timeout(120),
        house(redis, settings) as here,
        here.client() as web,
        here.crew(Role.OPERATOR) as crew,
        here.crew(Role.MODERATOR) as moderator,
    ):
        plan = {"title": "Demain", "prompts": ["Que faut-il ?"], "tables": {"labo-1": 4}}
        cafe = (await crew.post("/api/v1/cafes", json=plan)).json()["id"]
        opened = await crew.post(f"/api/v1/cafes/{cafe}:open")
        assert opened.is_success, opened.text
        crowd, ideas = Crowd(here, web), "/api/v1/contributions"

        def write(token: str, text: str) -> Awaitable[httpx.Response]:
            return crowd.post(ideas, token, cafe=cafe, table=TABLE, text=text)

        tokens = [crowd.token() for _ in range(42)]
        flood = await outcomes(write(each, f"rempli {n}") for n in range(4) for each in tokens)
        assert TABLE_BURST <= flood["201"] <= MADE // 4
        assert flood.keys() <= {"201", "too-many", "newcomer-quota-exceeded"}
        there = [crowd.token(place=TABLE) for _ in range(5)]
        assert await outcomes(write(each, "Une vraie idée") for each in there) == {"201": 5}
        made = (await moderator.get(f"{ideas}?table={TABLE}&limit=500")).json()["items"]
        assert "joined" not in str(made)
        assert "origin" not in str(made)


async def test_refusal_of_somebody_who_wrote_a_lot_says_so(redis: Redis) -> None:
    async with asyncio.timeout(60), house(redis) as here, here.client() as web:
        crowd = Crowd(here, web)
        ann = crowd.token(SETTLED_AFTER_S)
        answers = [await crowd.post(QUESTIONS, ann, body=f"Oui {n} ?") for n in range(PENDING_EACH)]
        assert outcome(answers[-1]) == "too-many"
        assert "Vous avez beaucoup envoyé" in answers[-1].json()["detail"]


def test_one_network_that_joins_without_end_leaves_room_for_newcomers_from_others() -> None:
    wave = Wave()
    joined = sum(not wave.take("abc", now=number / 2_000) for number in range(20_000))
    assert joined == pytest.approx(3_000 + 200 * 10, abs=2)
    venue = [wave.take("def", now=10.0) for _ in range(2_500)]
    assert not any(venue)
