"""Passes, participants and keys: what is not signed here, or is too old, opens nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.tv.house import SECRET, House, house
from tv.folder import FolderError
from tv.passes import Passes, PassExpired, PassForged, Role
from tv.revoking import Revoked, revoke
from tv.settings import load
from tv.studios.keys import load_secret, stream_key
from tv.studios.stream_keys import (
    PROTOCOLS,
    RENEWALS,
    Protocol,
    StreamKeys,
    TooManyRenewals,
)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_pass_says_what_was_signed() -> None:
    passes = Passes(SECRET)
    read = passes.read(passes.issue(Role.PRESENTER, name="Léa", talk="t1", lab="labo-1"))
    assert (read.role, read.name, read.talk, read.lab) == (Role.PRESENTER, "Léa", "t1", "labo-1")


def test_pass_expires() -> None:
    now = 1_000.0
    passes = Passes(SECRET, now=lambda: now)
    token = passes.issue(Role.HOST, lifetime=60.0)
    now = 1_059.0
    assert passes.read(token).role == Role.HOST
    now = 1_060.0
    with pytest.raises(PassExpired):
        passes.read(token)


def test_participants_token_is_no_pass() -> None:
    passes = Passes(SECRET)
    _, token = passes.welcome("Ann")
    assert passes.participant(token).name == "Ann"
    with pytest.raises(PassForged):
        passes.read(token)
    with pytest.raises(PassForged):
        passes.participant(passes.issue(Role.ADMIN))


def test_pass_of_another_installation_is_forged() -> None:
    with pytest.raises(PassForged):
        Passes(SECRET).read(Passes(b"another installation's secret...").issue(Role.ADMIN))


@given(st.data())
def test_no_changed_pass_is_accepted(data: st.DataObject) -> None:
    passes = Passes(SECRET)
    token = passes.issue(Role.VIEWER)
    at = data.draw(st.integers(0, 40))
    other = data.draw(st.characters(codec="utf-8"))
    changed = token[:at] + other + token[at + 1 :]
    if other != token[at]:
        with pytest.raises(PassForged):
            passes.read(changed)


@given(st.text(max_size=300))
def test_any_text_is_a_forged_pass(text: str) -> None:
    with pytest.raises(PassForged):
        Passes(SECRET).read(text)


def keys(folder: Path, secret: bytes = SECRET, *, srt_apart: bool = False) -> StreamKeys:
    return StreamKeys(secret, folder / "renewed", srt_apart=srt_apart)


@pytest.mark.parametrize("channel", ["plateau", "labo-1", "a-p-b", "plateau-srt"])
@pytest.mark.parametrize("slot", ["primary", "backup"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_stream_key_opens_its_slot_only(
    tmp_path: Path, channel: str, slot: str, protocol: Protocol
) -> None:
    ours = keys(tmp_path)
    key = ours.key(channel, slot, protocol)
    assert key.startswith(f"{channel}-{slot[0]}-")
    assert len(key) == len(channel) + 23
    assert ours.place(key, protocol) == (channel, slot)
    assert keys(tmp_path, b"other").place(key, protocol) is None
    for wrong in (key[:-1], key + "a", key.upper(), key.replace(f"-{slot[0]}-", "-x-"), "x" + key):
        assert ours.place(wrong, protocol) is None


@given(st.text(max_size=80), st.sampled_from(PROTOCOLS), st.booleans())
def test_any_text_is_no_stream_key(text: str, protocol: Protocol, srt_apart: bool) -> None:
    assert keys(Path("/nowhere"), srt_apart=srt_apart).place(text, protocol) is None


@pytest.mark.parametrize("channel", ["plateau", "plateau-srt"])
def test_srt_key_is_another_one_where_srt_shows_it_behind_a_passphrase(
    tmp_path: Path, channel: str
) -> None:
    ours = keys(tmp_path, srt_apart=True)
    rtmp, whip, srt = (ours.key(channel, "primary", each) for each in PROTOCOLS)
    assert rtmp == whip == stream_key(SECRET, channel, "primary")
    assert ours.place(srt, "srt") == (channel, "primary")
    assert ours.place(rtmp, "srt") is None
    assert ours.place(srt, "rtmp") is None
    assert ours.place(srt, "whip") is None


@pytest.mark.parametrize("srt_apart", [False, True])
def test_renewed_stream_key_opens_nothing_in_any_process(tmp_path: Path, srt_apart: bool) -> None:
    ours, others = (keys(tmp_path, srt_apart=srt_apart) for _ in range(2))
    for protocol in PROTOCOLS:
        old = ours.key("plateau", "primary", protocol)
        backup = ours.key("plateau", "backup", protocol)
        ours.renew("plateau", "primary")
        new = others.key("plateau", "primary", protocol)
        assert new != old
        for each in (ours, others, keys(tmp_path, srt_apart=srt_apart)):
            assert each.place(old, protocol) is None
            assert each.place(new, protocol) == ("plateau", "primary")
            assert each.place(backup, protocol) == ("plateau", "backup")
    assert stat.S_IMODE((tmp_path / "renewed").stat().st_mode) == 0o600


def test_stream_key_is_renewed_a_thousand_times_and_no_more(tmp_path: Path) -> None:
    ours = keys(tmp_path)
    (tmp_path / "renewed").write_text(f"plateau primary {RENEWALS - 1}\n")
    ours.renew("plateau", "primary")
    with pytest.raises(TooManyRenewals):
        ours.renew("plateau", "primary")
    ours.renew("plateau", "backup")


def test_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    secret = load_secret(tmp_path)
    assert len(secret) >= 32
    assert load_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret"]


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    show = (
        "import sys; from pathlib import Path; from tv.studios.keys import load_secret;"
        "sys.stdin.read(1); print(load_secret(Path(sys.argv[1])).hex())"
    )
    started: list[subprocess.Popen[bytes]] = [
        subprocess.Popen(
            [sys.executable, "-c", show, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    secrets = {process.communicate(b"\n", timeout=30)[0] for process in started}
    assert secrets == {load_secret(tmp_path).hex().encode() + b"\n"}


def test_truncated_secret_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(FolderError, match="tronqué"):
        load_secret(tmp_path)


async def test_pass_is_exchanged_for_a_cookie(tv: House) -> None:
    async with tv.client() as page:
        token = tv.passes.issue(Role.OPERATOR, name="Anne")
        opened = await page.post("/api/v1/session", json={"pass": token})
        assert opened.status_code == 201
        assert opened.json()["role"] == "operator"
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert (await page.get("/api/v1/session")).json()["name"] == "Anne"
        assert (await page.post("/api/v1/talks/direct:start")).status_code == 200
        assert (await page.delete("/api/v1/session")).status_code == 204
        assert (await page.get("/api/v1/session")).json()["role"] == "viewer"
        assert code(await page.post("/api/v1/talks/direct:end")) == (401, "role-required")


async def test_cookies_that_come_by_https_are_of_this_host_alone(tv: House) -> None:
    """A cookie that another host of the domain sets does not take their place."""
    secure = {"x-forwarded-proto": "https"}
    async with tv.client() as page:
        mine = tv.passes.issue(Role.OPERATOR, name="Anne")
        opened = await page.post("/api/v1/session", json={"pass": mine}, headers=secure)
        cookie = opened.headers["set-cookie"]
        assert cookie.startswith(f"__Host-fabrique_pass={mine};")
        assert "Path=/;" in cookie
        assert cookie.endswith("Secure")
        assert "Domain" not in cookie
        joined = await page.post("/api/v1/participants", json={"name": "Anne"}, headers=secure)
        assert joined.headers["set-cookie"].startswith("__Host-fabrique_participant=")
        theirs = tv.passes.issue(Role.MODERATOR, name="Eve")
        sent = f"fabrique_pass={theirs}; __Host-fabrique_pass={mine}; fabrique_pass={theirs}"
        session = await page.get("/api/v1/session", headers={"cookie": sent})
        assert session.json()["name"] == "Anne"
        ended = await page.delete("/api/v1/session", headers=secure)
        dropped = ended.headers.get_list("set-cookie")
        assert [each.partition("=")[0] for each in dropped] == [
            "fabrique_pass",
            "__Host-fabrique_pass",
        ]
        assert all("Max-Age=0" in each for each in dropped)
        assert "Secure" in dropped[1]  # else no browser takes it


async def test_cookie_from_before_is_read_by_https_too(tv: House) -> None:
    token = tv.passes.issue(Role.OPERATOR, name="Anne")
    headers = {"cookie": f"fabrique_pass={token}", "x-forwarded-proto": "https"}
    async with tv.client() as page:
        assert (await page.get("/api/v1/session", headers=headers)).json()["name"] == "Anne"


async def test_forged_and_expired_passes_get_a_clear_answer(tv: House) -> None:
    expired = tv.passes.issue(Role.ADMIN, lifetime=-1.0)
    forged = Passes(b"another installation's secret...").issue(Role.ADMIN)
    async with tv.client() as page:
        for token, wanted in (
            (expired, "pass-expired"),
            (forged, "pass-forged"),
            ("", "pass-forged"),
        ):
            answer = await page.post("/api/v1/session", json={"pass": token})
            assert code(answer) == (401, wanted)
            assert "régie" in answer.json()["detail"]
    for token, wanted in ((expired, "pass-expired"), (forged, "pass-forged")):
        async with tv.client(token) as bearer:
            answer = await bearer.post("/api/v1/talks/direct:start")
            assert code(answer) == (401, wanted)
            assert answer.headers["www-authenticate"] == "Bearer"
        cookies = {"fabrique_pass": token}
        async with httpx.AsyncClient(base_url=tv.url, cookies=cookies) as page:
            # A viewer's page goes on; what needs the pass says what is wrong with it.
            assert (await page.get("/api/v1/talks")).status_code == 200
            assert code(await page.post("/api/v1/talks/direct:start")) == (401, wanted)


async def test_participant_has_a_cookie_a_token_and_a_pseudonym(tv: House) -> None:
    async with tv.client() as phone:
        joined = await phone.post("/api/v1/participants", json={"name": " Ann\u200b "})
        assert joined.status_code == 201
        participant = joined.json()
        assert participant["name"] == "Ann"
        asked = await phone.post("/api/v1/talks/direct/questions", json={"body": "Pourquoi ?"})
        assert (asked.status_code, asked.json()["author"]) == (201, "Ann")
        renamed = await phone.put("/api/v1/participants/me", json={"name": "Anne"})
        assert (renamed.json()["id"], renamed.json()["name"]) == (participant["id"], "Anne")
        other = await phone.post("/api/v1/participants")
        assert other.json()["id"] != participant["id"]
    async with tv.client(participant["token"]) as phone:
        [mine] = (await phone.get("/api/v1/talks/direct/questions")).json()["items"]
        assert mine["mine"]


async def test_pass_and_participant_go_together(tv: House) -> None:
    async with tv.client() as page:
        await page.post("/api/v1/session", json={"pass": tv.passes.issue(Role.MODERATOR)})
        joined = (await page.post("/api/v1/participants")).json()
        session = (await page.get("/api/v1/session")).json()
        assert (session["role"], session["participant"]) == ("moderator", joined["id"])


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
async def test_page_of_another_site_cannot_write(tv: House, headers: dict[str, str]) -> None:
    async with tv.client() as page:
        await page.post("/api/v1/participants")
        ask: dict[str, Any] = {"url": "/api/v1/talks/direct/questions", "json": {"body": "?"}}
        assert code(await page.post(**ask, headers=headers)) == (403, "foreign-origin")
        assert (await page.get("/api/v1/talks", headers=headers)).status_code == 200
        assert (await page.post(**ask, headers={"origin": tv.url})).status_code == 201


async def test_page_behind_a_proxy_may_write_by_its_public_address(redis: Redis) -> None:
    public = load(None, {"FABRIQUE_SERVER__PUBLIC_URL": "https://TV.example:443/"})
    join: dict[str, Any] = {"url": "/api/v1/participants"}
    async with house(redis, public) as tv, tv.client() as page:
        joined = await page.post(**join, headers={"origin": "https://tv.example"})
        assert joined.status_code == 201
        assert "; secure" in joined.headers["set-cookie"].lower()
        for other in ("http://tv.example", "https://tv.example:444", "https://tv.example.evil"):
            assert code(await page.post(**join, headers={"origin": other}))[0] == 403
        assert (await page.post(**join, headers={"origin": tv.url})).status_code == 201
        async with connect(f"ws://{tv.address}/ws", origin="https://tv.example"):  # type: ignore[arg-type]
            pass


async def test_page_of_another_site_cannot_open_a_socket(tv: House) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(f"ws://{tv.address}/ws", origin="https://elsewhere.example"):  # type: ignore[arg-type]
            pass


def test_pass_that_was_taken_back_opens_nothing_whatever_one_shows_of_it(tmp_path: Path) -> None:
    file = tmp_path / "revoked"
    passes = Passes(SECRET, revoked=Revoked(file))
    lost, link, named, kept = (passes.issue(Role.HOST, name="Zoé") for _ in range(4))
    read = Passes(SECRET)
    assert revoke(file, read, lost)[1] == read.read(lost)
    revoke(file, read, f"https://tv.example.org/labo/1#pass={link}")
    assert revoke(file, read, read.read(named).id) == (read.read(named).id, None)
    for each in (lost, link, named):
        with pytest.raises(PassExpired):
            passes.read(each)
    assert passes.read(kept).name == "Zoé"
    with pytest.raises(PassForged):
        revoke(file, read, Passes(bytes(32)).issue(Role.ADMIN))


async def test_page_whose_pass_is_taken_back_is_the_crews_no_more(
    redis: Redis, tmp_path: Path
) -> None:
    async with house(redis, data=tmp_path, refresh=0.02) as tv:
        token = tv.passes.issue(Role.OPERATOR)
        async with tv.page(token, alerts="") as page, tv.client(token) as client:
            await page.view("alerts")
            revoke(tmp_path / "revoked", tv.passes, token)
            with pytest.raises(ConnectionClosed):
                await page.view("a view that never comes")
            assert code(await client.get("/api/v1/alerts")) == (401, "pass-expired")
