"""Whoever asks to be forgotten is, on every page and in the journal, and may begin anew."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.tv.house import house
from tests.tv.test_api import opened_poll
from tv.auth import Role
from tv.clerk import Clerk
from tv.compaction import Compaction


async def test_participant_has_themselves_forgotten(redis: Redis, tmp_path: Path) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.someone("Ann") as ann:
        body = {"body": "Où en est le chauffage de la tour B ?"}
        asked = (await ann.post("/api/v1/talks/direct/questions", json=body)).json()
        async with here.crew(Role.MODERATOR) as crew:
            await crew.post(f"/api/v1/questions/{asked['id']}:approve")
            gone = await ann.delete("/api/v1/participants/me")
            assert gone.status_code == 204
            assert "fabrique_participant=" in gone.headers["set-cookie"]
            listed = (await crew.get("/api/v1/talks/direct/questions")).json()["items"]
            assert "chauffage" not in str(listed)
            assert "Ann" not in str(listed)
        await here.store.set("fabrique:{fabrique}:clerk", "us")
        lease = ("fabrique:{fabrique}:clerk", "us")
        compaction = Compaction(here.store, "fabrique", lease, tmp_path / "erased.jsonl")
        await Clerk(here.follower, here.journal, compaction, lambda: 0.0).compact()
        kept = str(await here.store.xrange(here.journal.key))
        assert "chauffage" not in kept
        assert "p_" not in kept
        again = await ann.post("/api/v1/talks/direct/questions", json=body)
        assert (again.status_code, again.json()["type"]) == (
            401,
            "urn:fabrique-tv:problem:pass-expired",
        )
        async with here.someone() as somebody:
            again = await somebody.post("/api/v1/talks/direct/questions", json=body)
        assert again.status_code == 201


async def test_erasing_a_ballot_gives_no_second_one(redis: Redis, tmp_path: Path) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.crew(Role.OPERATOR) as crew:
        poll = await opened_poll(crew)
        ballot = f"/api/v1/polls/{poll['id']}/ballot"
        results = f"/api/v1/polls/{poll['id']}/results"
        async with here.client() as browser:
            await browser.post("/api/v1/participants", json={})
            token = browser.cookies["fabrique_participant"]
            assert (await browser.put(ballot, json={"choices": ["o1"]})).status_code == 200
            await browser.delete("/api/v1/participants/me")
            again = await crew.put(
                ballot, json={"choices": ["o1"]}, headers={"authorization": f"Bearer {token}"}
            )
            assert again.status_code == 401
            await browser.post("/api/v1/participants", json={})
            again = await browser.put(ballot, json={"choices": ["o1"]})
            assert (again.status_code, again.json()["type"]) == (
                409,
                "urn:fabrique-tv:problem:ballot-erased",
            )
            assert (await crew.get(results)).json()["ballots"] == 1
            await crew.post(f"/api/v1/polls/{poll['id']}:close")
            await crew.post(f"/api/v1/polls/{poll['id']}:reopen")
            assert (await browser.put(ballot, json={"choices": ["o2"]})).status_code == 200


async def test_erasing_who_never_did_anything_writes_nothing(redis: Redis) -> None:
    async with asyncio.timeout(30), house(redis) as here:
        for _ in range(21):
            async with here.someone() as somebody:
                gone = await somebody.delete("/api/v1/participants/me")
                assert gone.status_code == 204
                assert "fabrique_efface" not in gone.headers["set-cookie"]
        assert await here.store.xlen(here.journal.key) == 0
        assert here.follower.erasure == ""


@pytest.mark.parametrize(
    ("role", "participant", "status"),
    [
        (Role.ADMIN, "p_0123456789abcdef", 204),
        (Role.ADMIN, "p_x", 404),
        (Role.MODERATOR, "p_0123456789abcdef", 403),
    ],
)
async def test_admin_alone_has_somebody_else_forgotten(
    redis: Redis, role: Role, participant: str, status: int
) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.crew(role) as crew:
        answer = await crew.delete(f"/api/v1/participants/{participant}")
        assert answer.status_code == status
        assert await here.store.xlen(here.journal.key) == 0  # nobody of that id did anything


async def test_admin_has_somebody_else_forgotten(redis: Redis) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.someone("Ann") as ann:
        body = {"body": "Où en est le chauffage de la tour B ?"}
        asked = (await ann.post("/api/v1/talks/direct/questions", json=body)).json()
        by = here.follower.audience.questions.by_id[asked["id"]].by
        async with here.crew(Role.ADMIN) as crew:
            assert (await crew.delete(f"/api/v1/participants/{by}")).status_code == 204
            listed = (await crew.get("/api/v1/talks/direct/questions")).json()["items"]
        assert "chauffage" not in str(listed)
        assert not here.follower.audience.has_acted(by)
