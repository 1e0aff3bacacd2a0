"""The moderators' side of an attack: reject many at once and undo it, block a device."""

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from engagement.batches import MOST
from tests.tv.house import House, house
from tests.tv.test_api import ASK, ask, opened_poll, problem
from tests.tv.test_cafes import SETTINGS, good
from tests.tv.test_ideas import IDEAS, call, made
from tests.tv.test_syntheses import shared
from tv.auth import Role

POSTS = "/api/v1/wall/posts"


def origin_of(item: Any) -> tuple[str, str]:
    return item["device"], item["arrival"]


async def test_many_are_rejected_and_restored_by_one_request_and_one_message(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as crew:
        asked = [await ask(person, f"Question {n} ?") for n in range(3) for person in (ann, bob)]
        ids = [question["id"] for question in asked]
        await good(crew.post(f"/api/v1/questions/{ids[0]}:approve"))
        async with tv.page(tv.passes.issue(Role.MODERATOR), talk_direct="") as page:
            while len((await page.view("talk:direct"))["items"]) < len(ids):
                pass
            many = {"questions": [*ids, "nothing"], "reason": "other"}
            rejected = await good(crew.post(f"{ASK}:reject", json=many))
            assert rejected == {"rejected": 5, "left": 2, "ids": ids[1:]}
            wanted = {(id, "rejected") for id in ids[1:]}
            told = set[tuple[str, str]]()
            while not told & wanted:  # what is near to what may be told of before
                items = (await page.view("talk:direct"))["items"]
                told = {(item["id"], item["state"]) for item in items}
            assert told == wanted
        restored = await good(crew.post(f"{ASK}:restore", json={"questions": ids}))
        assert restored == {"restored": 5, "left": 1, "ids": ids[1:]}
        counts = (await crew.get(f"{ASK}:counts")).json()
        assert (counts["pending"], counts["published"], counts["rejected"]) == (5, 1, 0)
        log = (await crew.get(f"{ASK}:log")).json()["items"]
        assert sum(act["act"] == "restored" for act in log) == 5


async def test_bulk_acts_are_for_moderators_and_have_a_size(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.PRESENTER) as presenter, tv.crew() as crew:
        asked = await ask(ann)
        body = {"questions": [asked["id"]]}
        for person in (ann, presenter):
            problem(await person.post(f"{ASK}:reject", json=body), 403, "role-required")
            problem(await person.post(f"{POSTS}:reject", json={"posts": []}), 403, "role-required")
        too_many = {"questions": [f"q_{number:020}" for number in range(MOST + 1)]}
        problem(await crew.post(f"{ASK}:reject", json=too_many), 422, "invalid-body")
        too_many["questions"].pop()
        answer = await good(crew.post(f"{ASK}:reject", json=too_many))
        assert answer == {"rejected": 0, "left": MOST, "ids": []}
        key = {"idempotency-key": "once"}
        first = await good(crew.post(f"{ASK}:reject", json=body, headers=key))
        assert await good(crew.post(f"{ASK}:reject", json=body, headers=key)) == first


async def test_posts_ideas_and_comments_are_rejected_in_bulk_too(redis: Redis) -> None:
    async with (
        house(redis, SETTINGS) as tv,
        tv.someone() as ann,
        tv.crew(Role.OPERATOR) as crew,
        tv.crew(Role.HOST, table="labo-1.3") as host,
    ):
        post = await good(ann.post(POSTS, json={"text": "Bonjour"}), 201)
        idea = await made(ann, await call(tv), table="")
        plan = {"title": "Demain", "prompts": ["Que faut-il ?"], "tables": {"labo-1": 4}}
        cafe = await good(crew.post("/api/v1/cafes", json=plan), 201)
        await good(crew.post(f"/api/v1/cafes/{cafe['id']}:open"))
        synthesis = await shared(host)
        about = f"{synthesis['url']}/comments"
        comment = await good(ann.post(about, json={"text": "Bien vu"}), 201)
        for path, name, thing, state in (
            (POSTS, "posts", post, "rejected"),
            (IDEAS, "ideas", idea, "hidden"),
            ("/api/v1/comments", "comments", comment, "rejected"),
        ):
            body = {name: [thing["id"]]}
            rejected = await good(crew.post(f"{path}:reject", json=body))
            assert rejected == {"rejected": 1, "left": 0, "ids": [thing["id"]]}
            listed = (await crew.get(about if name == "comments" else path)).json()["items"]
            (one,) = [item for item in listed if item["id"] == thing["id"]]
            assert one["state"] == state
            restored = await good(crew.post(f"{path}:restore", json=body))
            assert restored == {"restored": 1, "left": 0, "ids": [thing["id"]]}


async def test_crew_alone_sees_what_comes_from_one_device_and_what_came_together(
    tv: House,
) -> None:
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.crew(Role.MODERATOR) as crew,
    ):
        first, second = await ask(ann, "Une ?"), await ask(ann, "Deux ?")
        other = await ask(bob, "Trois ?")
        assert not {"device", "arrival"} & first.keys()
        listed = {item["id"]: item for item in (await crew.get(ASK)).json()["items"]}
        devices = [listed[each["id"]]["device"] for each in (first, second, other)]
        assert devices[0] == devices[1] != devices[2]
        assert all(devices)
        ids = [tv.follower.audience.questions.by_id[each["id"]].by for each in (first, other)]
        assert not any(id in device or device in id for id in ids for device in devices)
        tags = {listed[each["id"]]["arrival"] for each in (first, second, other)}
        assert len(tags) == 1
        assert tags != {""}  # one network, and tokens from just now
        async with tv.page(tv.passes.issue(Role.MODERATOR), talk_direct="") as page:
            told = [
                item
                for item in (await page.view("talk:direct"))["items"]
                if item["kind"] == "question"
            ]
            assert {origin_of(item) for item in told} == {
                origin_of(item) for item in listed.values()
            }
        await good(crew.post(f"/api/v1/questions/{first['id']}:approve"))
        assert not {"device", "arrival"} & (await bob.get(ASK)).json()["items"][0].keys()
        approved = (await crew.get(f"/api/v1/questions/{first['id']}")).json()
        assert origin_of(approved) == (devices[0], "")
        async with tv.page("", talk_direct="") as page:
            (seen,) = [
                item
                for item in (await page.view("talk:direct"))["items"]
                if item["kind"] == "question"
            ]
            assert "device" not in seen


async def device_of(crew: httpx.AsyncClient, question: Any) -> str:
    told = (await crew.get(f"/api/v1/questions/{question['id']}")).json()
    return str(told["device"])


async def test_blocked_device_is_told_so_until_it_is_unblocked(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.crew(Role.MODERATOR) as crew,
        tv.crew(Role.OPERATOR) as operator,
    ):
        asked, other = await ask(ann), await ask(bob, "Et moi ?")
        device = await device_of(crew, asked)
        poll = await opened_poll(operator)
        async with tv.page(tv.passes.issue(Role.MODERATOR), blocks="") as page:
            await page.view("blocks")
            block = await good(crew.post(f"/api/v1/devices/{device}:block"))
            assert (block["device"], block["rejected"], block["lifted"]) == (device, 1, False)
            (told,) = (await page.view("blocks"))["items"]
            assert told == block
            refused = problem(await ann.post(ASK, json={"body": "Encore ?"}), 403, "blocked")
            assert "La modération a suspendu vos envois" in refused["detail"]
            problem(await ann.post(POSTS, json={"text": "Bonjour"}), 403, "blocked")
            choice = {"round": 1, "choices": [poll["options"][0]["id"]]}
            await good(ann.put(f"/api/v1/polls/{poll['id']}/ballot", json=choice))
            await ask(bob, "Et nous ?")
            listed = (await crew.get("/api/v1/devices")).json()["items"]
            assert listed == [block]
            async with tv.crew(Role.PRESENTER) as presenter:
                for person in (ann, presenter):
                    view = (await person.get("/api/v1/views/blocks")).json()
                    assert view["items"] == []
            await good(crew.post(f"/api/v1/devices/{device}:unblock"))
            assert (await page.view("blocks"))["removed"] == [f"block:{block['id']}"]
        await ask(ann, "Encore ?")
        states = {item["id"]: item["state"] for item in (await crew.get(ASK)).json()["items"]}
        assert (states[asked["id"]], states[other["id"]]) == ("pending", "pending")
        problem(await crew.post("/api/v1/devices/none:block"), 404, "unknown-device")
        problem(await crew.post(f"/api/v1/devices/{device}:ban"), 404, "unknown-act")
        problem(await ann.post(f"/api/v1/devices/{device}:block"), 403, "role-required")
        problem(await ann.get("/api/v1/devices"), 403, "role-required")


async def test_erased_participant_is_blocked_no_more(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as crew:
        device = await device_of(crew, await ask(ann))
        await good(crew.post(f"/api/v1/devices/{device}:block"))
        assert (await ann.delete("/api/v1/participants/me")).is_success
        assert (await crew.get("/api/v1/devices")).json()["items"] == []


async def test_tablet_has_no_handle_and_each_of_its_people_has(redis: Redis) -> None:
    async with house(redis, SETTINGS) as tv, tv.crew(Role.MODERATOR) as crew:
        tablet = tv.passes.issue(Role.KIOSK, table="labo-1.3")
        cookies = {"fabrique_pass": tablet}
        people = []
        for _ in range(2):
            async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as kiosk:
                joined = await good(kiosk.post("/api/v1/participants", json={}), 201)
                kiosk.headers["authorization"] = f"Bearer {joined['token']}"
                people.append(await ask(kiosk, "Une question ?"))
        devices = [await device_of(crew, asked) for asked in people]
        assert devices[0] != devices[1]
        async with tv.client(tablet) as kiosk:
            own = await ask(kiosk, "De la tablette ?")
        assert await device_of(crew, own) == ""


@pytest.mark.parametrize("path", [f"{ASK}:reject", f"{ASK}:restore"])
async def test_pass_for_another_talk_moderates_none_in_bulk(tv: House, path: str) -> None:
    async with tv.crew(Role.MODERATOR, talk="other") as crew:
        problem(await crew.post(path, json={"questions": []}), 403, "other-talk")
