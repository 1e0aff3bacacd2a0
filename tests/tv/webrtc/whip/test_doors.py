"""What studios run into at the door of WHIP: keys, slots, sizes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.tv.webrtc.whip.conftest import (
    BACKUP_KEY,
    KEYS,
    OTHER_KEY,
    SDP,
    SECRET,
    WRONG_KEY,
    Publish,
    Stage,
    client_of,
    location,
    problem,
)
from tv import problems
from tv.studios.stream_keys import StreamKeys
from tv.webrtc import whip

# What studios run into.


async def test_the_key_names_the_slot(client: httpx.AsyncClient, stage: Stage, offer: str) -> None:
    headers = SDP | {"authorization": f"bearer {BACKUP_KEY}"}
    reply = await client.post("/plateau/whip", content=offer, headers=headers)
    assert reply.status_code == 201
    assert list(stage.held) == [("plateau", "backup")]


async def test_a_key_of_another_channel_is_told_which(
    client: httpx.AsyncClient, offer: str
) -> None:
    headers = SDP | {"authorization": f"Bearer {OTHER_KEY}"}
    reply = await client.post("/plateau/whip", content=offer, headers=headers)
    assert "«\u00a0atelier\u00a0»" in problem(reply, 403, "other-channel")


async def test_a_session_is_only_its_own_keys(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    async with publish() as studio:
        headers = {"authorization": f"Bearer {BACKUP_KEY}"}
        reply = await client.delete(location(studio), headers=headers)
        problem(reply, 404, "unknown-session")
        assert stage.source.closed is None


async def test_a_taken_slot_is_409(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
        reply = await client.post("/plateau/whip", content=studio.offer, headers=SDP)
        assert "occupé" in problem(reply, 409, "publish-refused")


async def test_ten_wrong_keys_from_one_address_wait_and_a_right_one_never_does(
    client: httpx.AsyncClient, stage: Stage, offer: str
) -> None:
    wrong = SDP | {"authorization": f"Bearer {WRONG_KEY}"}

    async def knock(who: httpx.AsyncClient, headers: dict[str, str] = wrong) -> httpx.Response:
        return await who.post("/plateau/whip", content=offer, headers=headers)

    for _ in range(10):
        problem(await knock(client), 401, "unknown-key")
    reply = await knock(client)
    problem(reply, 429, "too-many-wrong-keys")
    assert reply.headers["retry-after"] == "10"
    assert (await knock(client, SDP)).status_code == 201
    async with client_of(stage, "192.0.2.8") as neighbour:
        problem(await knock(neighbour), 401, "unknown-key")
    stage.time += 10
    problem(await knock(client), 401, "unknown-key")
    problem(await knock(client), 429, "too-many-wrong-keys")


@pytest.mark.parametrize(
    ("address", "last"), [("2001:db8::{:x}", 429), ("192.0.2.{}", 401), ("::ffff:192.0.2.{}", 401)]
)
async def test_wrong_keys_of_one_ipv6_network_are_counted_together_and_of_ipv4_apart(
    stage: Stage, offer: str, address: str, last: int
) -> None:
    wrong = SDP | {"authorization": f"Bearer {WRONG_KEY}"}
    app = Starlette(
        routes=whip.routes(stage, ["plateau"], KEYS, lambda: stage.time),
        exception_handlers=problems.handlers,
    )
    statuses = []
    for host in range(11):
        transport = httpx.ASGITransport(app, client=(address.format(host), 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://tv") as guest:
            reply = await guest.post("/plateau/whip", content=offer, headers=wrong)
            statuses.append(reply.status_code)
    assert statuses == [401] * 10 + [last]


class Renewing:
    """Media that hears of a new key just before an offer that the old key has let in."""

    def __init__(self, stage: Stage, keys: StreamKeys) -> None:
        self.change, self.unpublish = stage.change, stage.unpublish
        self._stage = stage
        self._keys = keys

    async def publish(self, channel: str, slot: str, sdp: str) -> tuple[str, str, str]:
        self._keys.renew(channel, slot)
        return await self._stage.publish(channel, slot, sdp)


async def test_key_that_is_renewed_while_its_offer_is_answered_publishes_nothing(
    stage: Stage, offer: str, tmp_path: Path
) -> None:
    keys = StreamKeys(SECRET, tmp_path / "renewed")
    app = Starlette(
        routes=whip.routes(Renewing(stage, keys), ["plateau"], keys),
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tv") as studio:
        reply = await studio.post("/plateau/whip", content=offer, headers=SDP)
    problem(reply, 401, "unknown-key")
    assert stage.source.closed


async def test_an_endless_offer_is_413_and_read_no_further(
    client: httpx.AsyncClient,
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 10_000:
            read += 1
            yield b"a" * 1000

    reply = await client.post("/plateau/whip", content=endless(), headers=SDP)
    problem(reply, 413, "offer-too-large")


async def test_an_answer_in_another_type_is_406(client: httpx.AsyncClient, offer: str) -> None:
    headers = SDP | {"accept": "text/html"}
    reply = await client.post("/plateau/whip", content=offer, headers=headers)
    problem(reply, 406, "sdp-not-accepted")
