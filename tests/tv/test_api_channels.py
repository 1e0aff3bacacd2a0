"""The API of channels and restreams: what the crew sees, and what it chooses, up to media."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from streaming import link
from streaming.clock import Clock
from streaming.link import SourceState
from tests.tv.house import SECRET, House, Page, house
from tests.tv.test_api import problem
from tests.tv.test_media import silent
from tv.auth import Role
from tv.media import Media
from tv.settings import Settings, load
from tv.studios.restreams import Restreams
from tv.studios.stream_keys import StreamKeys

SWITCH = "/api/v1/channels/plateau:switch"
RESTREAM = "/api/v1/restreams/youtube"
URL, KEY = "rtmp://a.rtmp.example.org/live2", "abcd-efgh-secret"
CREW = [Role.PRESENTER, Role.MODERATOR, Role.OPERATOR, Role.ADMIN]


@dataclass
class Station:
    """A web process and the media that it speaks to, in which nothing is encoded."""

    tv: House
    media: Media

    def take(self, slot: str, channel: str = "plateau") -> Any:
        """Connect a studio."""
        return self.media.take(channel, slot, "rtmp")

    async def told(self) -> None:
        """Wait until the web process has heard all that media has said so far."""
        await self.tv.upstream.lateness(0.1)  # answers come in their turn


def settings() -> Settings:
    return load(
        environment={
            "FABRIQUE_CHANNELS__LABO_1__NAME": "Labo 1",
            "FABRIQUE_RESTREAMS__YOUTUBE__URL": URL,
            "FABRIQUE_RESTREAMS__YOUTUBE__KEY": KEY,
            "FABRIQUE_RESTREAMS__YOUTUBE__TITLE": "YouTube",
        }
    )


@pytest.fixture
async def station(redis: Redis, tmp_path: Path) -> AsyncIterator[Station]:
    resolved = settings()
    media = Media(StreamKeys(SECRET, tmp_path / "renewed"))
    for name in resolved.channels:
        media.channels[name] = silent(name)
        media.channels[name].channel.on_change = partial(tell_state, media, name)
    path = tmp_path / "restreams.json"
    media.restreams = Restreams(resolved.restreams, path, Clock().now, media.tell)
    socket = tmp_path / "media.sock"
    async with (
        link.listening(socket, media.serve),
        house(redis, resolved, media=socket, data=tmp_path) as tv,
    ):
        await connected(tv)
        yield Station(tv, media)
    for each in media.channels.values():
        await each.relays.close()


def tell_state(media: Media, channel: str) -> None:
    media.tell(media.state(channel))


async def connected(tv: House) -> None:
    """Wait until media has told the web process all there is: the restreams come last."""
    told = asyncio.Event()
    tv.upstream.on_restream.append(lambda name: told.set())
    if not tv.upstream.restreams:
        async with asyncio.timeout(10):
            await told.wait()


async def test_crew_reads_every_channel_with_all_that_is_known_of_its_studios(
    station: Station,
) -> None:
    station.take("backup")
    await station.told()
    for role in CREW:
        async with station.tv.crew(role) as crew:
            listed = (await crew.get("/api/v1/channels")).json()["items"]
            assert [each["id"] for each in listed] == ["plateau", "labo-1"]
            answer = await crew.get("/api/v1/channels/plateau")
            channel = answer.json()
            assert answer.headers["etag"] == f'"{channel["version"]}"'
            assert (channel["on_air"], channel["chosen"]) == ("slate", "auto")
            sources = {each["slot"]: each for each in channel["sources"]}
            assert sources["backup"].keys() == set(SourceState.__struct_fields__)
            assert (sources["backup"]["connected"], sources["backup"]["kind"]) == (True, "rtmp")
            assert not sources["primary"]["connected"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KIOSK, Role.SCREEN, Role.HOST, Role.NODE])
async def test_others_learn_nothing_of_studios_and_restreams(station: Station, role: Role) -> None:
    async with station.tv.crew(role) as someone:
        for path in ("channels", "channels/plateau", "restreams"):
            problem(await someone.get(f"/api/v1/{path}"), 403, "role-required")
        view = (await someone.get("/api/v1/views/channels")).json()
        assert [each["id"] for each in view["items"]] == ["plateau", "labo-1"]
        assert not any(each.keys() & {"sources", "chosen"} for each in view["items"])
        assert (await someone.get("/api/v1/views/restreams")).json()["items"] == []
    async with station.tv.client() as nobody:
        problem(await nobody.get("/api/v1/channels"), 401, "role-required")


@pytest.mark.parametrize("to", ["backup", "slate", "primary"])
async def test_operator_chooses_what_is_on_air_and_leaves_it_to_the_rules_again(
    station: Station, to: str
) -> None:
    async with station.tv.crew(Role.OPERATOR) as operator:
        answer = await operator.post(SWITCH, json={"to": to})
        assert (answer.status_code, answer.json()["chosen"]) == (200, to)
        assert station.media.channels["plateau"].channel.chosen == to
        assert (await operator.get("/api/v1/channels/plateau")).json()["chosen"] == to
        assert (await operator.get("/api/v1/channels/labo-1")).json()["chosen"] == "auto"
        answer = await operator.post(SWITCH, json={"to": "auto"})
        assert (answer.status_code, answer.json()["chosen"]) == (200, "auto")


async def test_only_operators_and_admins_switch_and_restream(station: Station) -> None:
    for role in (Role.PRESENTER, Role.MODERATOR, Role.VIEWER):
        async with station.tv.crew(role) as someone:
            problem(await someone.post(SWITCH, json={"to": "slate"}), 403, "role-required")
            problem(await someone.post(f"{RESTREAM}:start"), 403, "role-required")
    async with station.tv.crew(Role.OPERATOR, talk="direct") as guest:
        problem(await guest.post(SWITCH, json={"to": "slate"}), 403, "other-talk")
        problem(await guest.post(f"{RESTREAM}:start"), 403, "other-talk")
    assert station.media.channels["plateau"].channel.chosen == "auto"
    async with station.tv.crew(Role.ADMIN) as admin:
        assert (await admin.post(SWITCH, json={"to": "slate"})).status_code == 200


async def test_bad_choices_are_refused_with_the_reason(station: Station) -> None:
    async with station.tv.crew() as crew:
        for body in ({"to": "studio"}, {"to": None}, {}, [], {"to": ["slate"]}):
            problem(await crew.post(SWITCH, json=body), 422, "invalid-body")
        problem(await crew.post(SWITCH, content=b"slate"), 400, "invalid-json")
        nowhere = "/api/v1/channels/nulle-part"
        problem(await crew.post(f"{nowhere}:switch", json={"to": "auto"}), 404, "unknown-channel")
        problem(await crew.get(nowhere), 404, "unknown-channel")
        problem(await crew.post(f"{RESTREAM}:pause"), 404, "unknown-act")
        problem(await crew.post("/api/v1/restreams/vimeo:start"), 404, "unknown-restream")


async def test_a_choice_on_what_is_no_longer_so_is_refused(station: Station) -> None:
    async with station.tv.crew() as one, station.tv.crew() as other:
        seen = (await one.get("/api/v1/channels/plateau")).headers["etag"]
        station.take("primary")  # figures and advice change, which is no reason to refuse
        await station.told()
        assert (await one.get("/api/v1/channels/plateau")).headers["etag"] != seen
        switched = await one.post(SWITCH, json={"to": "primary"}, headers={"if-match": seen})
        assert switched.status_code == 200
        late = await other.post(SWITCH, json={"to": "slate"}, headers={"if-match": seen})
        assert problem(late, 412, "changed-meanwhile")["current"]["chosen"] == "primary"
        odd = await other.post(SWITCH, json={"to": "slate"}, headers={"if-match": '"x", W/"1"'})
        problem(odd, 412, "changed-meanwhile")
        assert station.media.channels["plateau"].channel.chosen == "primary"
        fresh = {"if-match": f'"nope", {switched.headers["etag"]}'}
        assert (await other.post(SWITCH, json={"to": "slate"}, headers=fresh)).status_code == 200


async def test_restream_is_started_and_stopped_and_its_key_is_told_to_nobody(
    station: Station,
) -> None:
    async with station.tv.crew(Role.OPERATOR) as operator:
        [listed] = (await operator.get("/api/v1/restreams")).json()["items"]
        assert (listed["id"], listed["title"], listed["state"]) == ("youtube", "YouTube", "off")
        started = await operator.post(f"{RESTREAM}:start")
        assert started.status_code == 200
        assert started.json()["state"] != "off"
        assert started.headers["etag"] != f'"{listed["version"]}"'
        again = await operator.post(f"{RESTREAM}:start")
        assert again.json()["state"] == started.json()["state"]
        told = [
            (await operator.get(path)).text
            for path in ("/api/v1/restreams", "/api/v1/views/restreams", "/api/v1/channels")
        ]
        assert not any(KEY in text or URL in text for text in told)
        assert (await operator.post(f"{RESTREAM}:stop")).json()["state"] == "off"


async def test_pages_of_the_crew_get_what_changed_alone(station: Station) -> None:
    token = station.tv.passes.issue(Role.OPERATOR)
    async with (
        station.tv.page(token, channels="", restreams="") as desk,
        station.tv.client(token) as operator,
    ):
        first = await shown(desk, "channels")
        assert list(first) == ["plateau", "labo-1"]
        assert (await shown(desk, "restreams"))["youtube"]["state"] == "off"
        station.media.tell(link.Now(station.tv.upstream.now() + 60))
        await station.told()
        await operator.post(SWITCH, json={"to": "backup"})
        assert (await until(desk, "channels", "plateau", "chosen", "backup"))["sources"]
        await operator.post(SWITCH, json={"to": "slate"})
        changed = await shown(desk, "channels")
        assert list(changed) == ["plateau"]
        assert changed["plateau"]["chosen"] == "slate"
        await operator.post(f"{RESTREAM}:start")
        assert (await until(desk, "restreams", "youtube", "state", "waiting"))["detail"]


async def test_switching_says_so_while_media_is_away(redis: Redis) -> None:
    async with house(redis) as tv, tv.crew() as crew:
        answer = await crew.post(SWITCH, json={"to": "slate"})
        assert problem(answer, 503, "media-unavailable")["retry_after"]
        assert answer.headers["retry-after"]
        [channel] = (await crew.get("/api/v1/channels")).json()["items"]
        assert (channel["chosen"], channel["sources"]) == ("auto", [])


async def shown(page: Page, topic: str) -> dict[str, Any]:
    return {item["id"]: item for item in (await page.view(topic))["items"]}


async def until(page: Page, topic: str, name: str, field: str, value: str) -> Any:
    """Hear the page until an item's field has this value; return the item."""
    async with asyncio.timeout(10):
        while True:
            item = (await shown(page, topic)).get(name)
            if item and item[field] == value:
                return item
