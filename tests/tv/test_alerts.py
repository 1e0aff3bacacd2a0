"""« Signaler » by the API and the socket: a report reaches the moderators, and them alone."""

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from engagement.alerts import BURST, RAISED, AlertRaised
from tests.tv.house import House, house
from tests.tv.test_cafes import SETTINGS, good, opened
from tests.tv.test_syntheses import host_of, shared
from tv.auth import Role

QUESTION = "Qui paie le chauffage de la tour B ?"


async def shown_question(here: House, crew: httpx.AsyncClient) -> str:
    async with here.someone("Ann") as ann:
        asked = await ann.post("/api/v1/talks/direct/questions", json={"body": QUESTION})
    await crew.post(f"/api/v1/questions/{asked.json()['id']}:approve")
    return str(asked.json()["id"])


async def test_report_reaches_moderators_and_takes_what_it_is_about_away(redis: Redis) -> None:
    async with (
        asyncio.timeout(30),
        house(redis) as here,
        here.crew(Role.MODERATOR, name="Anne") as crew,
        here.someone("Bob") as bob,
        here.page(here.passes.issue(Role.MODERATOR), alerts="") as desk,
        here.crew(Role.PRESENTER) as presenter,
    ):
        question = await shown_question(here, crew)
        said = {"about": "question", "id": question, "grounds": "private", "note": "Une adresse"}
        raised = await bob.post("/api/v1/alerts", json=said)
        assert raised.status_code == 201
        alert = raised.json()
        assert (alert["state"], alert["note"]) == ("open", "Une adresse")
        assert "people" not in alert
        while not (items := (await desk.view("alerts"))["items"]):
            pass
        assert items[0]["shows"]["body"] == QUESTION
        assert items[0]["grounds"] == [{"grounds": "private", "people": 1}]
        for other in (presenter, bob):
            assert (await other.get("/api/v1/views/alerts")).json()["items"] == []

        address = f"/api/v1/alerts/{alert['id']}"
        assert (await bob.post(f"{address}:remove")).status_code == 403
        removed = await crew.post(f"{address}:remove")
        assert removed.json()["state"] == "removed"
        assert removed.json()["shows"]["reason"] == "private"
        assert (await bob.get(f"/api/v1/questions/{question}")).status_code == 404
        assert (await crew.post(f"{address}:keep")).status_code == 409
        own = (await bob.get("/api/v1/alerts")).json()["items"]
        assert [each["state"] for each in own] == ["removed"]
        listed = (await crew.get("/api/v1/alerts?state=removed")).json()
        assert listed["counts"] == {"received": 1, "open": 0, "kept": 0, "removed": 1}
        assert len(listed["items"]) == 1


@pytest.mark.parametrize("retired", [False, True])
async def test_synthesis_that_is_removed_leaves_the_wall_too(redis: Redis, retired: bool) -> None:
    async with (
        asyncio.timeout(30),
        house(redis, SETTINGS) as here,
        here.crew() as crew,
        here.someone() as bob,
        host_of(here) as anne,
    ):
        await opened(crew)
        synthesis = (await shared(anne, wall=True))["id"]
        verbs = ["approve", "show", *["retire"] * retired]
        for verb in verbs:
            await good(crew.post(f"/api/v1/wall/posts/w_{synthesis}:{verb}"))
        said = {"about": "synthesis", "id": synthesis, "grounds": "personal"}
        await good(bob.post("/api/v1/alerts", json=said), 201)
        removed = await good(crew.post(f"/api/v1/alerts/synthesis.{synthesis}:remove"))
        assert (removed["state"], removed["shows"]["state"]) == ("removed", "hidden")
        [post] = (await good(crew.get("/api/v1/wall/posts")))["items"]
        assert post["state"] == "hidden"
        assert (await good(bob.get("/api/v1/wall/posts")))["items"] == []


async def test_everybody_may_report_what_many_reported_before(redis: Redis) -> None:
    async with (
        asyncio.timeout(30),
        house(redis) as here,
        here.crew(Role.MODERATOR) as crew,
        here.someone() as bob,
    ):
        question = await shown_question(here, crew)
        for number in range(RAISED):
            event = AlertRaised(
                id=f"e{number}",
                at=here.upstream.now(),
                by=f"p_{number}",
                kind="question",
                thing=question,
                grounds="other",
            )
            await here.journal.append(event)
        said = {"about": "question", "id": question, "grounds": "private", "note": "Une adresse"}
        raised = await bob.post("/api/v1/alerts", json=said)
        assert raised.status_code == 201
        assert (raised.json()["grounds"], raised.json()["note"]) == ("private", "Une adresse")
        (alert,) = (await crew.get("/api/v1/alerts")).json()["items"]
        assert alert["people"] == RAISED


async def test_refusal_of_a_report_tells_nobody_what_others_reported(redis: Redis) -> None:
    async with (
        asyncio.timeout(30),
        house(redis) as here,
        here.crew(Role.MODERATOR) as crew,
        here.someone() as ann,
        here.someone() as bob,
        here.crew(Role.PRESENTER) as presenter,
    ):
        questions = [await shown_question(here, crew) for _ in range(BURST + 1)]
        for person in (bob, presenter):
            for question in questions[1:]:
                said = {"about": "question", "id": question, "grounds": "other"}
                assert (await person.post("/api/v1/alerts", json=said)).status_code == 201
        said = {"about": "question", "id": questions[0], "grounds": "other", "note": "Secret"}
        await ann.post("/api/v1/alerts", json=said)
        for person in (bob, presenter):
            for _ in range(2):  # a retry is answered as the first
                key = {"idempotency-key": "again"}
                refused = await person.post("/api/v1/alerts", json=said, headers=key)
                assert (refused.status_code, "current" in refused.json()) == (429, False)


async def test_moderator_keeps_what_was_reported(redis: Redis) -> None:
    async with (
        asyncio.timeout(30),
        house(redis) as here,
        here.crew(Role.MODERATOR, name="Anne") as crew,
        here.someone() as bob,
    ):
        question = await shown_question(here, crew)
        said = {"about": "question", "id": question, "grounds": "other"}
        await bob.post("/api/v1/alerts", json=said)
        kept = await crew.post(f"/api/v1/alerts/question.{question}:keep")
        assert (kept.json()["state"], kept.json()["settled_by"]) == ("kept", "Anne")
        assert (await bob.get(f"/api/v1/questions/{question}")).status_code == 200
        rows = (await crew.get("/api/v1/tables.json")).json()["alerts"]
        assert [(row["state"], row["text"], row["by"]) for row in rows] == [
            ("gardé", QUESTION, "Anne")
        ]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"about": "question", "id": "q_no", "grounds": "other"}, 422),
        ({"about": "talk", "id": "direct", "grounds": "other"}, 422),
        ({"about": "post", "id": "w", "grounds": "other", "note": "x" * 300}, 422),
    ],
)
async def test_report_of_nothing_that_shows_is_refused(
    redis: Redis, said: dict[str, str], status: int
) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.someone() as bob:
        assert (await bob.post("/api/v1/alerts", json=said)).status_code == status
        async with here.client() as stranger:
            assert (await stranger.post("/api/v1/alerts", json=said)).status_code == 401
