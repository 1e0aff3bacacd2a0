"""Ideas through their front door: API, socket, pictures, with a real store."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from engagement.ideas.fold import BURST
from tests.tv.house import House, house
from tests.tv.test_api import problem
from tests.tv.test_cafes import SETTINGS, good
from tests.tv.wall.test_api_wall import photo
from tv.auth import Role
from tv.compaction import erasure, new_stand_in
from tv.folder import Folder
from tv.wall.duties import wall_duties
from tv.wall.pictures import UNUSED, Pictures

IDEAS = "/api/v1/contributions"
GROUPS = "/api/v1/clusters"
HERE, THERE = "labo-1.1", "labo-2.1"


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> AsyncIterator[House]:
    async with house(redis, SETTINGS, data=tmp_path) as served:
        yield served


async def session(tv: House, **more: Any) -> str:
    """A session in its first round; its id."""
    plan = {"title": "Demain", "prompts": ["Que faut-il ?"], "tables": {"labo-1": 2, "labo-2": 1}}
    return await begun(tv, plan | {"moving_seconds": 0} | more)


async def call(tv: House) -> str:
    plan = {"type": "call", "title": "Avant", "prompts": ["Qu’attendez-vous ?"], "dots": 2}
    return await begun(tv, plan)


async def begun(tv: House, plan: dict[str, Any]) -> str:
    async with tv.crew(Role.OPERATOR) as crew:
        cafe = (await good(crew.post("/api/v1/cafes", json=plan), 201))["id"]
        await good(crew.post(f"/api/v1/cafes/{cafe}:open"))
        if "tables" in plan:
            await good(crew.post(f"/api/v1/cafes/{cafe}:advance"))
        return str(cafe)


async def made(client: httpx.AsyncClient, cafe: str, text: str = "Une idée", **more: Any) -> Any:
    table = {"table": HERE} if "table" not in more else {}
    body = {"cafe": cafe, "text": text} | table | more
    return await good(client.post(IDEAS, json=body), 201)


async def listed(client: httpx.AsyncClient, **asked: Any) -> list[str]:
    return [each["text"] for each in (await good(client.get(IDEAS, params=asked)))["items"]]


async def test_card_reaches_its_table_then_another_with_where_it_is_from(tv: House) -> None:
    cafe = await session(tv)
    async with (
        tv.someone("Ann", HERE) as ann,
        tv.someone(place=THERE) as bob,
        tv.crew(Role.OPERATOR) as crew,
    ):
        card = await made(ann, cafe, "Un  local\u202e à vélos")
        assert (card["text"], card["author"], card["mine"]) == ("Un local à vélos", "Ann", True)
        assert (card["state"], card["lab"], card["round"]) == ("shown", "labo-1", 1)
        async with tv.page(**{"table_labo-1.1": "", "table_labo-2.1": ""}) as page:
            here = await page.view(f"table:{HERE}")
            kinds = {item["kind"]: item for item in here["items"]}
            assert (kinds["idea"]["id"], kinds["pile"]["ideas"]) == (card["id"], 1)
            await good(crew.post(f"/api/v1/cafes/{cafe}:advance"))
            there = await good(bob.post(f"{IDEAS}/{card['id']}:carry", json={"table": THERE}))
            assert there["stops"] == [{"table": THERE, "round": 2}]
            while True:
                news = (await page.view(f"table:{THERE}"))["items"]
                if found := [item for item in news if item["kind"] == "idea"]:
                    break
            assert (found[0]["table"], found[0]["round"]) == (HERE, 1)
        assert await listed(bob, table=THERE) == ["Un local à vélos"]


async def test_privately_noted_cards_are_their_authors_until_revealed(tv: House) -> None:
    cafe = await session(tv, private=True)
    token = tv.passes.welcome("Ann", place=HERE)[1]
    async with (
        tv.client(token) as ann,
        tv.someone() as bob,
        tv.crew(Role.HOST, table=HERE) as host,
        tv.page(**{"table_labo-1.1": ""}) as page,
        tv.page(token, me_cafe="") as own,
    ):
        card = await made(ann, cafe)
        assert card["state"] == "noted"
        while not (mine := (await own.view("me:cafe"))["items"][0]["ideas"]):
            pass
        assert [idea["state"] for idea in mine] == ["noted"]
        assert await listed(ann) == ["Une idée"]
        for client in (bob, host):
            assert await listed(client) == []
            problem(await client.get(f"{IDEAS}/{card['id']}"), 404, "unknown-idea")
        while not (piles := [i for i in (await page.view())["items"] if i["kind"] == "pile"]):
            pass
        assert (piles[0]["ideas"], piles[0]["noted"]) == (0, 1)
        await good(host.post(f"/api/v1/tables/{HERE}:reveal"))
        while not [i for i in (await page.view())["items"] if i["kind"] == "idea"]:
            pass
        assert await listed(bob) == ["Une idée"]


async def test_answers_to_a_call_show_when_they_were_read(tv: House) -> None:
    cafe = await call(tv)
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.crew(Role.MODERATOR) as crew,
        tv.crew(Role.HOST) as host,
        tv.page(ideas="") as page,
    ):
        assert (await page.view())["items"] == []
        card = await made(ann, cafe, table="")
        assert (card["state"], await listed(bob)) == ("pending", [])
        problem(await host.post(f"{IDEAS}/{card['id']}:approve"), 404, "unknown-idea")
        assert await listed(crew, state="pending") == ["Une idée"]
        await good(crew.post(f"{IDEAS}/{card['id']}:approve"))
        assert [item["id"] for item in (await page.view())["items"]] == [card["id"]]
        given = await good(bob.put(f"{IDEAS}/{card['id']}/dots", json={"dots": 1}))
        assert (given["dots"], given["given"], given["mine"]) == (1, 1, False)
        hidden = await good(crew.post(f"{IDEAS}/{card['id']}:hide"))
        assert hidden["state"] == "hidden"
        while True:
            if (await page.view())["removed"] == [f"idea:{card['id']}"]:
                break
        assert await listed(bob) == []


async def test_host_reads_and_hides_what_is_of_their_table_alone(tv: House) -> None:
    cafe = await session(tv)
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.crew(Role.HOST, table=HERE) as host,
        tv.crew(Role.HOST, lab="labo-2") as other,
        tv.crew(Role.PRESENTER) as presenter,
    ):
        card = await made(ann, cafe, "Appelez le 06 12 34 56 78")
        act = f"{IDEAS}/{card['id']}"
        assert (card["state"], card["flags"]) == ("pending", ["personal"])
        assert (await listed(host), await listed(other)) == ([card["text"]], [])
        problem(await bob.post(f"{act}:approve"), 404, "unknown-idea")
        problem(await presenter.post(f"{act}:approve"), 403, "role-required")
        assert (await good(host.post(f"{act}:approve")))["state"] == "shown"
        problem(await other.post(f"{act}:hide"), 403, "other-table")
        problem(await bob.post(f"{act}:hide"), 403, "role-required")
        assert (await good(host.post(f"{act}:hide")))["state"] == "hidden"
        problem(await host.post(f"{act}:hide"), 409, "wrong-state")
        problem(await bob.post(f"{act}:withdraw"), 404, "unknown-idea")
        assert (await good(host.post(f"{act}:restore")))["state"] == "shown"
        problem(await bob.post(f"{act}:withdraw"), 403, "not-yours")
        assert (await good(ann.post(f"{act}:withdraw")))["state"] == "withdrawn"
        problem(await host.post(f"{act}:spin"), 404, "unknown-act")


async def test_author_sees_why_an_idea_was_not_published(tv: House) -> None:
    cafe = await call(tv)
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as crew:
        card = await made(ann, cafe, table="")
        refused = {"reason": "hors sujet"}
        await good(crew.post(f"{IDEAS}/{card['id']}:reject", json=refused))
        own = await good(ann.get(f"{IDEAS}/{card['id']}"))
        assert (own["state"], own["reason"]) == ("hidden", "hors sujet")


async def test_dots_are_each_ones_and_no_more_than_planned(tv: House) -> None:
    cafe = await call(tv)
    token = tv.passes.welcome()[1]
    async with tv.client(token) as ann, tv.crew() as crew, tv.page(token, me_cafe="") as own:
        cards = [(await made(ann, cafe, f"n° {number}", table=""))["id"] for number in range(2)]
        for card in cards:
            await good(crew.post(f"{IDEAS}/{card}:approve"))
        first, second = (f"{IDEAS}/{card}/dots" for card in cards)
        assert (await good(ann.put(first, json={"dots": 2})))["dots"] == 2
        problem(await ann.put(second, json={"dots": 1}), 409, "too-many-dots")
        assert (await good(ann.put(first, json={"dots": 1})))["dots"] == 1
        assert (await good(ann.put(second, json={"dots": 1})))["dots"] == 1
        problem(await ann.put(second, json={"dots": 4}), 422, "wrong-dots")
        problem(await ann.put(second, json={"dots": -1}), 422, "wrong-dots")
        problem(await ann.put(second, json={"dots": "2"}), 422, "invalid-body")
        while True:
            (me,) = (await own.view("me:cafe"))["items"]
            if me["dots"] == dict.fromkeys(cards, 1):
                break
        assert me["dots_left"] == {cafe: 0}


async def test_ideas_are_found_by_where_they_are_from_and_what_they_are_about(tv: House) -> None:
    cafe, asked = await session(tv), await call(tv)
    async with (
        tv.someone(place=HERE) as ann,
        tv.someone(place=THERE) as bob,
        tv.crew(Role.HOST) as host,
        tv.crew() as crew,
    ):
        one = await made(ann, cafe, "un")
        await made(bob, cafe, "deux", table=THERE)
        answer = await made(ann, asked, "trois", table="")
        await good(crew.post(f"{IDEAS}/{answer['id']}:approve"))
        group = {"table": HERE, "name": "Vélos", "contributions": [one["id"]]}
        await good(host.post(GROUPS, json=group), 201)
        assert await listed(ann) == ["trois", "deux", "un"]
        for filters, found in (
            ({"table": HERE}, ["un"]),
            ({"lab": "labo-2"}, ["deux"]),
            ({"cafe": asked}, ["trois"]),
            ({"step": "recherche de LOGEMENT"}, ["un"]),
            ({"theme": "velos"}, ["un"]),
            ({"theme": "rien"}, []),
            ({"state": "hidden,pending"}, []),
            ({"limit": "2"}, ["trois", "deux"]),
        ):
            assert await listed(ann, **filters) == found, filters
        for wrong in (
            *({"sort": "x"}, {"state": "x"}, {"limit": "-1"}, {"limit": "²"}),
            *({"sort": "support"}, {"after": "none"}, {"after": f"x.{one['id']}"}),
        ):
            problem(await ann.get(IDEAS, params=wrong), 422, "unknown-filter")


@pytest.mark.parametrize("sort", ["recent", "support"])
async def test_pages_go_through_all_ideas_once_while_more_come(tv: House, sort: str) -> None:
    cafe = await session(tv)
    async with tv.someone(place=HERE) as ann, tv.someone(place=HERE) as bob:
        cards = [(await made(ann, cafe, f"n° {number}"))["id"] for number in range(7)]
        for card, dots in ((cards[1], 2), (cards[4], 2), (cards[5], 1)):
            await good(bob.put(f"{IDEAS}/{card}/dots", json={"dots": dots}))
        seen, after = list[str](), ""
        while after is not None:
            query = {"cafe": cafe, "sort": sort, "limit": "3", "after": after}
            page = await good(ann.get(IDEAS, params=query))
            seen += [each["id"] for each in page["items"]]
            after = page["next"]
            await made(bob, cafe, "Pendant ce temps")
        ordered = [4, 1, 5, 6, 3, 2, 0] if sort == "support" else [6, 5, 4, 3, 2, 1, 0]
        assert [card for card in seen if card in cards] == [cards[number] for number in ordered]
        assert len(seen) == len(set(seen))


async def test_hosts_group_the_cards_of_their_table(tv: House) -> None:
    cafe = await session(tv)
    async with (
        tv.someone(place=HERE) as ann,
        tv.crew(Role.HOST, table=HERE) as host,
        tv.crew(Role.HOST, table=THERE) as other,
        tv.page(**{"table_labo-1.1": ""}) as page,
    ):
        texts = ("Un local à vélos fermé", "Il faut un local fermé pour les vélos", "Une fête")
        cards = [(await made(ann, cafe, text))["id"] for text in texts]
        problem(await ann.post(f"{GROUPS}:suggest", json={"table": HERE}), 403, "role-required")
        hints = await good(host.post(f"{GROUPS}:suggest", json={"table": HERE}))
        ((proposal),) = hints["items"]
        assert (set(proposal["ideas"]), proposal["cluster"]) == (set(cards[:2]), "")
        body = {"table": HERE, "name": " Les vélos ", "contributions": proposal["ideas"]}
        problem(await ann.post(GROUPS, json=body), 403, "role-required")
        problem(await other.post(GROUPS, json=body), 403, "other-table")
        group = await good(host.post(GROUPS, json=body), 201)
        assert (group["name"], set(group["contributions"])) == ("Les vélos", set(cards[:2]))
        while not (heard := [i for i in (await page.view())["items"] if i["kind"] == "cluster"]):
            pass
        assert heard[0]["id"] == group["id"]
        address = f"{GROUPS}/{group['id']}"
        move = {"contributions": [cards[2]]}
        assert len((await good(host.post(f"{address}:group", json=move)))["contributions"]) == 3
        assert len((await good(host.post(f"{address}:ungroup", json=move)))["contributions"]) == 2
        problem(await other.post(f"{address}:group", json=move), 403, "other-table")
        stranger = {"contributions": ["i_none"]}
        problem(await host.post(f"{address}:group", json=stranger), 404, "unknown-idea")
        named = await good(
            host.patch(address, json={"name": "Vélos"}, headers={"if-match": group["version"]})
        )
        stale = {"if-match": group["version"]}
        late = await host.patch(address, json={"name": "Deux"}, headers=stale)
        problem(late, 412, "changed-meanwhile")
        assert late.json()["current"]["name"] == named["name"] == "Vélos"
        (found,) = (await good(ann.get(GROUPS, params={"table": HERE})))["items"]
        assert found["id"] == group["id"]
        assert (await host.delete(address)).status_code == 204
        problem(await host.get(address), 404, "unknown-cluster")
        assert (await good(ann.get(f"{IDEAS}/{cards[0]}")))["clusters"] == []
        while f"cluster:{group['id']}" not in (await page.view())["removed"]:
            pass


async def test_photo_is_seen_while_its_card_shows_and_kept_for_it(
    tv: House, tmp_path: Path
) -> None:
    cafe = await session(tv, private=True)
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.HOST, table=HERE) as host:
        sent = await good(ann.post(f"{IDEAS}/pictures", content=photo()), 201)
        card = await made(ann, cafe, "", picture=sent["id"], alt="Un plan")
        assert card["picture"] == {
            **{name: sent[name] for name in ("url", "width", "height")},
            "alt": "Un plan",
        }
        for client, status in ((ann, 200), (bob, 404), (host, 404)):
            assert (await client.get(sent["url"])).status_code == status
        await good(host.post(f"/api/v1/tables/{HERE}:reveal"))
        for client, status in ((ann, 200), (bob, 404), (host, 200)):  # it is read first
            assert (await client.get(sent["url"])).status_code == status
        await good(host.post(f"{IDEAS}/{card['id']}:approve"))
        assert (await bob.get(sent["url"])).status_code == 200
        await good(host.post(f"{IDEAS}/{card['id']}:hide"))
        for client, status in ((ann, 200), (bob, 404), (host, 200)):
            assert (await client.get(sent["url"])).status_code == status
        duties = wall_duties(Folder(tmp_path), SETTINGS.wall, tv.follower, tv.upstream.now)
        assert list(duties) == ["wall pictures"]
        later = time.time() + 2 * UNUSED
        Pictures(tmp_path / "wall").sweep(used_by(duties), later)
        assert (await ann.get(sent["url"])).status_code == 200
        participant = tv.follower.audience.ideas.by_id[card["id"]].by
        await tv.follower.write(erasure(participant, new_stand_in(), at=tv.upstream.now()))
        Pictures(tmp_path / "wall").sweep(used_by(duties), later)
        assert (await ann.get(sent["url"])).status_code == 404


async def test_bad_ideas_are_refused_and_nothing_is_written(tv: House) -> None:
    cafe = await session(tv)
    async with tv.someone() as ann, tv.client() as nobody, tv.crew(Role.SCREEN) as screen:
        before = await tv.journal.end()
        fine = {"cafe": cafe, "table": HERE, "text": "Bien"}
        for body, status, code in (
            ({"text": ""}, 422, "text-empty"),
            ({"text": "é" * 281}, 422, "text-too-long"),
            ({"text": "a\x00b"}, 422, "control-characters"),
            ({"text": 5}, 422, "invalid-body"),
            ({"round": -1}, 422, "invalid-body"),
            ({"table": "x" * 81}, 422, "invalid-body"),
            ({"picture": "../../lock"}, 422, "unknown-picture"),
            ({"picture": f"{'0' * 24}-9x9.jpg"}, 422, "unknown-picture"),
        ):
            problem(await ann.post(IDEAS, json=fine | body), status, code)
        problem(await nobody.post(IDEAS, json=fine), 401, "participant-required")
        problem(await screen.post(IDEAS, json=fine), 403, "role-refused")
        problem(await ann.post(f"{IDEAS}/pictures", content=b"<svg/>"), 415, "no-picture")
        problem(await ann.post(f"{IDEAS}/none:carry", json={"table": HERE}), 404, "unknown-idea")
        problem(await ann.post(f"{GROUPS}:suggest", json={"table": HERE}), 403, "role-required")
        for name in ("cafe", "table"):
            problem(await ann.post(IDEAS, json=fine | {name: "none"}), 404, f"unknown-{name}")
        assert await tv.journal.end() == before


async def test_photo_of_forty_megabytes_is_refused_plainly(tv: House) -> None:
    async with tv.someone() as ann:
        answer = await ann.post(f"{IDEAS}/pictures", content=b"\xff\xd8" + bytes(40 << 20))
        problem(answer, 413, "body-too-large")
        assert "15" in answer.json()["detail"]


async def test_cards_after_the_end_are_told_so(tv: House) -> None:
    cafe = await session(tv)
    async with tv.someone(place="labo-1") as ann, tv.crew() as crew:
        card = await made(ann, cafe)
        await good(crew.post(f"/api/v1/cafes/{cafe}:close"))
        late = await ann.post(IDEAS, json={"cafe": cafe, "table": HERE, "text": "Tard", "round": 1})
        problem(late, 409, "cafe-closed")
        assert late.json()["current"]["id"] == cafe
        carried = await ann.post(f"{IDEAS}/{card['id']}:carry", json={"table": "labo-1.2"})
        problem(carried, 409, "cafe-closed")


async def test_same_key_writes_once_and_a_flood_is_told_when_to_go_on(tv: House) -> None:
    cafe = await session(tv)
    body = {"cafe": cafe, "table": HERE, "text": "Une fois"}
    async with tv.someone() as ann:
        once = {"idempotency-key": "k1"}
        replies = await asyncio.gather(
            *(ann.post(IDEAS, json=body, headers=once) for _ in range(5))
        )
        assert len({reply.json()["id"] for reply in replies}) == 1
        other = await ann.post(IDEAS, json=body | {"text": "Autre"}, headers=once)
        problem(other, 422, "key-reused")
        for number in range(BURST - 1):
            await made(ann, cafe, f"n° {number}")
        flood = await ann.post(IDEAS, json=body)
        problem(flood, 429, "too-many")
        assert 0 < flood.json()["retry_after"] <= 3
        assert len(tv.follower.audience.ideas.by_id) == BURST


def used_by(duties: dict[str, Any]) -> Any:
    """What the clerk keeps pictures for, now."""
    return duties["wall pictures"].args[0]()
