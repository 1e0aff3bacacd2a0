"""The list of passes in use, taking one back in the control room, and passes of devices renewed."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed

from tests.servers import Fabrique, fabrique
from tests.tv.house import SECRET, House, house
from tests.waiting import when
from tv.passes import PASS_LIFETIME, Pass, Passes, PassExpired, Role
from tv.passes_in_use import LIMIT, NOTED, PassesInUse

PASSES = "/api/v1/passes"
WORN = PASS_LIFETIME * 0.4  # seconds that are left of a pass which it is time to renew


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> Any:
    async with house(redis, data=tmp_path, refresh=0.02) as served:
        yield served


async def listed(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The passes in use by their ids."""
    reply = await client.get(PASSES)
    assert reply.status_code == 200, reply.text
    return {each["id"]: each for each in reply.json()["items"]}


def code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["type"].rpartition(":")[2]


async def test_pass_is_listed_from_its_first_use_with_what_it_is_for(tv: House) -> None:
    offline = Passes(SECRET)  # as the command line makes them while no server runs
    token = offline.issue(Role.HOST, name="Claire", table="labo-1.3")
    id = offline.read(token).id
    async with tv.crew(Role.OPERATOR) as desk:
        assert id not in await listed(desk)
        async with tv.client(token) as tablet:
            await tablet.get("/api/v1/session")
        item = (await listed(desk))[id]
    assert (item["role"], item["name"], item["table"]) == ("host", "Claire", "labo-1.3")
    assert item["issued_at"] < item["seen_at"] < item["expires_at"]
    assert item["issued_by"] == "command"
    assert not item["own"]
    assert token not in str(item)


async def test_only_those_who_run_the_show_see_and_take_back_passes(tv: House) -> None:
    admin = tv.passes.issue(Role.ADMIN)
    id = tv.passes.read(admin).id
    for role in (Role.VIEWER, Role.KIOSK, Role.HOST, Role.PRESENTER, Role.MODERATOR, Role.NODE):
        async with tv.crew(role) as somebody:
            assert (await somebody.get(PASSES)).status_code == 403, role
            assert (await somebody.delete(f"{PASSES}/{id}")).status_code == 403, role
    async with tv.crew(Role.OPERATOR, talk="t1") as desk:
        assert code(await desk.get(PASSES)) == (403, "other-talk")
    async with tv.crew(Role.OPERATOR) as desk, tv.client() as anybody:
        assert (await anybody.get(PASSES)).status_code == 401
        assert code(await desk.delete(f"{PASSES}/{id}")) == (403, "role-required")
        assert code(await desk.delete(f"{PASSES}/pass_000000000000")) == (404, "unknown-pass")
    async with tv.client(admin) as office:
        items = await listed(office)
        assert [each["id"] for each in items.values() if each["own"]] == [id]


async def test_pass_taken_back_in_the_control_room_opens_nothing_at_once(tv: House) -> None:
    token = tv.passes.issue(Role.MODERATOR, name="Karim")
    id = tv.passes.read(token).id
    async with (
        tv.crew(Role.OPERATOR) as desk,
        tv.client(token) as lost,
        tv.page(token, alerts="") as page,
    ):
        await page.view("alerts")
        assert (await desk.delete(f"{PASSES}/{id}")).status_code == 204
        assert code(await lost.get("/api/v1/alerts")) == (401, "pass-expired")
        with pytest.raises(ConnectionClosed):
            await page.view("a view that never comes")
        assert id not in await listed(desk)
        assert code(await desk.delete(f"{PASSES}/{id}")) == (404, "unknown-pass")


async def test_page_that_stays_open_is_seen_again(redis: Redis) -> None:
    now = 1_000.0
    in_use = PassesInUse(redis, "fabrique", lambda: now)
    held = Pass("pass_000000000001", Role.SCREEN, 9_000.0, issued=900.0)
    in_use.use(held)
    await in_use.flush()
    for later in (NOTED / 2, NOTED):
        now = 1_000.0 + later
        in_use.see(held.id)
        await in_use.flush()
    [only] = await in_use.every()
    assert (only.held, only.seen) == (held, 1_000.0 + NOTED)
    another = PassesInUse(redis, "fabrique", lambda: now)  # the page is in another process
    now += NOTED
    another.see(held.id)
    await another.flush()
    [only] = await in_use.every()
    assert (only.held, only.seen) == (held, now)


async def test_list_forgets_what_has_ended_and_then_what_was_not_seen_for_longest(
    redis: Redis,
) -> None:
    now = 1_000.0
    in_use = PassesInUse(redis, "fabrique", lambda: now)
    in_use.use(Pass("pass_ends", Role.HOST, 1_500.0))
    for number in range(LIMIT - 1):
        now += 0.01
        in_use.use(Pass(f"pass_{number:012x}", Role.HOST, 9_000.0))
    await in_use.flush()
    assert len(await in_use.every()) == LIMIT
    now = 1_500.0
    assert "pass_ends" not in [each.held.id for each in await in_use.every()]
    for number in range(LIMIT, LIMIT + 10):
        in_use.use(Pass(f"pass_{number:012x}", Role.HOST, 9_000.0))
    await in_use.flush()
    kept = [each.held.id for each in await in_use.every()]
    assert len(kept) == LIMIT
    assert f"pass_{LIMIT + 9:012x}" in kept
    assert f"pass_{0:012x}" not in kept


async def test_device_that_is_used_keeps_its_pass_and_its_id(tv: House) -> None:
    worn = tv.passes.issue(Role.KIOSK, table="labo-1.1", lifetime=WORN)
    id = tv.passes.read(worn).id
    async with tv.client() as tablet:
        await tablet.post("/api/v1/session", json={"pass": worn})
        answer = await tablet.get("/api/v1/session")
        renewed = answer.cookies["fabrique_pass"]
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert f"Max-Age={int(PASS_LIFETIME)}" in answer.headers["set-cookie"]
        again = await tablet.get("/api/v1/session")
        assert "set-cookie" not in again.headers
        assert again.json()["role"] == "kiosk"
    held = tv.passes.read(renewed)
    assert (held.id, held.table) == (id, "labo-1.1")
    assert held.expires > tv.passes.read(worn).expires + PASS_LIFETIME / 2
    async with tv.crew(Role.ADMIN) as desk:
        assert (await desk.delete(f"{PASSES}/{id}")).status_code == 204
    for token in (worn, renewed):
        with pytest.raises(PassExpired):
            tv.passes.read(token)


async def test_device_that_writes_is_renewed_and_what_may_be_kept_says_nothing(tv: House) -> None:
    worn = tv.passes.issue(Role.SCREEN, screen="screen_1", lifetime=WORN)
    async with httpx.AsyncClient(base_url=tv.url, cookies={"fabrique_pass": worn}) as screen:
        for address in ("/ecran", "/api/v1/event", "/api/v1/views/event"):
            assert "set-cookie" not in (await screen.get(address)).headers, address
        answer = await screen.put("/api/v1/screens/screen_1/presence", json={})
        assert "fabrique_pass" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "given",
    [
        {"role": Role.HOST, "lifetime": WORN},
        {"role": Role.OPERATOR, "lifetime": WORN},
        {"role": Role.KIOSK},  # it is new
    ],
)
async def test_no_other_pass_is_renewed(tv: House, given: dict[str, Any]) -> None:
    cookies = {"fabrique_pass": tv.passes.issue(**given)}
    async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as page:
        assert "set-cookie" not in (await page.get("/api/v1/session")).headers


async def test_pass_with_a_chosen_end_is_not_renewed(tv: House) -> None:
    new = tv.passes.read(tv.passes.issue(Role.KIOSK))
    end = new.expires - PASS_LIFETIME + WORN
    cookies = {"fabrique_pass": tv.passes.issue(Role.KIOSK, until=end)}
    async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as page:
        answer = await page.get("/api/v1/session")
        assert answer.json()["role"] == "kiosk"
        assert "set-cookie" not in answer.headers


async def test_device_that_leaves_is_not_brought_back_by_renewing(tv: House) -> None:
    worn = tv.passes.issue(Role.KIOSK, lifetime=WORN)
    other = tv.passes.issue(Role.HOST, name="Zoé")
    cookies = {"fabrique_pass": worn}
    async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as tablet:
        left = (await tablet.delete("/api/v1/session")).headers.get_list("set-cookie")
        assert left
        assert all("Max-Age=0" in each for each in left)
    async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as tablet:
        changed = await tablet.post("/api/v1/session", json={"pass": other})
        [cookie] = changed.headers.get_list("set-cookie")
        assert other in cookie


@pytest.fixture(scope="module")
def service() -> Iterator[Fabrique]:
    with fabrique() as server:
        yield server


def typed(server: Fabrique, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tv", *words, "--data", str(server.folder.path)],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.replace("\u00a0", " ")


@pytest.mark.slow
async def test_command_line_lists_passes_that_it_made_and_when_they_were_used(
    service: Fabrique,
) -> None:
    token = await asyncio.to_thread(
        typed, service, "pass", "moderator", "--name", "Karim", "--days", "3", "--token"
    )
    lines = await asyncio.to_thread(typed, service, "passes")
    [line] = [each for each in lines.splitlines() if "Karim" in each]
    assert "moderator « Karim », jamais vu, jusqu’au " in line
    with service.client(token.strip()) as client:
        client.get("/api/v1/alerts").raise_for_status()

    async def seen() -> bool:
        lines = await asyncio.to_thread(typed, service, "passes")
        return "moderator « Karim », vu le " in lines

    await when(seen)
    await asyncio.to_thread(typed, service, "revoke", token.strip())
    assert "Karim" not in await asyncio.to_thread(typed, service, "passes")
