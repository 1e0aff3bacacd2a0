"""WHIP sessions after their beginning (RFC 9725, 4.3): PATCH, trickle ICE, ICE restarts."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from aioice import stun

from tests.tv.webrtc.whip.conftest import (
    AUTHORIZED,
    BACKUP_KEY,
    FRAGMENT,
    KEY,
    SDP,
    Publish,
    Stage,
    credentials,
    fragment,
    location,
    problem,
    tag,
)

# 4.3.1: PATCH.


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/sdp", "a=end-of-candidates\r\n", 415, "not-a-fragment"),
        ("", "a=end-of-candidates\r\n", 415, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "bonjour", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=candidate:1\r\n", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=ice-ufrag:x\r\n", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=x\r\n" * 9000, 413, "offer-too-large"),
    ],
)
async def test_4_3_1_another_content_type_or_a_malformed_fragment_is_rejected(
    publish: Publish,
    client: httpx.AsyncClient,
    stage: Stage,
    kind: str,
    body: str,
    status: int,
    code: str,
) -> None:
    """Section 4.3.1: an appropriate 4xx; the session goes on."""
    async with publish() as studio:
        headers = AUTHORIZED | {"if-match": tag(studio)} | ({"content-type": kind} if kind else {})
        reply = await client.patch(location(studio), content=body, headers=headers)
        problem(reply, status, code)
        count = len(stage.source.pictures)
        await stage.source.until(lambda: len(stage.source.pictures) > count)


async def test_4_3_1_the_201_has_a_strong_entity_tag_of_its_own(
    client: httpx.AsyncClient, offer: str
) -> None:
    """Section 4.3.1: unique, strong, in the response to POST."""
    tags = set()
    for key in (KEY, BACKUP_KEY):
        headers = SDP | {"authorization": f"Bearer {key}"}
        reply = await client.post("/plateau/whip", content=offer, headers=headers)
        assert re.fullmatch(r'"[\x21\x23-\x7e]+"', reply.headers["etag"])  # RFC 9110, 8.8.3
        tags.add(reply.headers["etag"])
    assert len(tags) == 2


async def test_4_3_1_delete_ignores_any_entity_tag(
    publish: Publish, client: httpx.AsyncClient
) -> None:
    """Section 4.3.1: a tag is ignored where no ICE session is to be matched."""
    async with publish() as studio:
        headers = AUTHORIZED | {"if-match": '"of another time"'}
        assert (await client.delete(location(studio), headers=headers)).status_code == 200


async def test_4_3_1_a_missing_entity_tag_is_428_and_another_one_412(
    publish: Publish, client: httpx.AsyncClient
) -> None:
    """Section 4.3.1."""
    async with publish() as studio:
        body = fragment(studio, "a=end-of-candidates")
        reply = await client.patch(location(studio), content=body, headers=FRAGMENT)
        problem(reply, 428, "if-match-required")
        for wrong in ('"another"', "W/" + tag(studio), tag(studio).strip('"')):
            headers = FRAGMENT | {"if-match": wrong}
            reply = await client.patch(location(studio), content=body, headers=headers)
            problem(reply, 412, "if-match-failed")


# 4.3.2: trickle ICE.


async def test_4_3_2_the_answer_has_all_our_candidates(publish: Publish) -> None:
    """Section 4.3.2: all are gathered before the answer; none can be signalled later."""
    async with publish() as studio:
        assert re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host", studio.answer)
        assert "a=end-of-candidates" in studio.answer
        assert "a=ice-options:trickle" in studio.answer


async def test_4_3_2_new_candidates_are_204_without_body_or_tag(
    publish: Publish, client: httpx.AsyncClient
) -> None:
    """Section 4.3.2."""
    async with publish() as studio:
        body = fragment(studio, "a=candidate:1 1 udp 2122260223 127.0.0.1 9 typ host")
        headers = FRAGMENT | {"if-match": tag(studio)}
        reply = await client.patch(location(studio), content=body, headers=headers)
        assert reply.status_code == 204
        assert reply.content == b""
        assert "etag" not in reply.headers


async def test_4_3_2_a_studio_is_found_by_candidates_that_come_later(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.2: what was gathered after the offer is tried too."""
    found: list[str] = []

    def without(offer: str) -> str:
        found.extend(re.findall(r"a=(candidate:.*)\r\n", offer))
        return re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", offer)

    async with publish(change=without) as studio:
        assert found
        body = fragment(studio, *(f"a={each}" for each in found))
        headers = FRAGMENT | {"if-match": tag(studio)}
        reply = await client.patch(location(studio), content=body, headers=headers)
        assert reply.status_code == 204
        await stage.source.until(lambda: bool(stage.source.pictures))


async def test_4_3_2_candidates_that_we_cannot_use_are_discarded_silently(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.2: the rest of the request is processed as ever."""
    useless = [
        "a=candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
        "a=candidate:2 1 udp 2122260223 0d3c9a5e-1111-2222-3333-444455556666.local 5 typ host",
        "a=candidate:3 1 udp 2122260223 nosuch.invalid 5000 typ host",
        "a=candidate:4 2 udp 2122260223 192.0.2.1 5000 typ host",
        "a=candidate:5 1 udp 2122260223 224.0.0.1 5000 typ host",
        "a=candidate:6 1 quic 2122260223 192.0.2.1 5000 typ novelty",
    ]
    async with publish() as studio:
        headers = FRAGMENT | {"if-match": tag(studio)}
        for place in range(6):
            unheard = (f"a=candidate:{n} 1 udp 5 192.0.{place}.{n} 9 typ host" for n in range(99))
            body = fragment(studio, *useless, *unheard)
            reply = await client.patch(location(studio), content=body, headers=headers)
            assert reply.status_code == 204
        count = len(stage.source.pictures)
        await stage.source.until(lambda: len(stage.source.pictures) > count + 5)
        (session,) = stage.studios._sessions.values()
        assert len(session.studio._ice._remote_candidates) < 40


# 4.3.3: ICE restarts.

NEW = {"name": "neuf", "password": "unmotdepassetoutneuf12345"}


def check(user: str, password: str, *, nominate: bool = True) -> bytes:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes["USERNAME"] = user
    request.attributes["PRIORITY"] = 1
    request.attributes["ICE-CONTROLLING"] = 2**64 - 1
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(password.encode())
    return bytes(request)


async def test_4_3_3_new_credentials_are_an_ice_restart(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.3: 200, our new credentials and candidates, a new entity tag; media goes on."""
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
        headers = FRAGMENT | {"if-match": "*"}
        body = fragment(studio, **NEW)
        reply = await client.patch(location(studio), content=body, headers=headers)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/trickle-ice-sdpfrag"
        assert credentials(reply.text) != credentials(studio.answer)
        assert re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host", reply.text)
        assert "a=ice-options:trickle" in reply.text  # as in the answer
        assert "a=mid:0" in reply.text
        assert re.fullmatch(r'"[\x21\x23-\x7e]+"', reply.headers["etag"])
        assert reply.headers["etag"] != tag(studio)
        count = len(stage.source.pictures)
        await stage.source.until(lambda: len(stage.source.pictures) > count + 5)
        # What was the entity tag is it no longer.
        old = FRAGMENT | {"if-match": tag(studio)}
        body = fragment(studio, "a=end-of-candidates", **NEW)
        problem(
            await client.patch(location(studio), content=body, headers=old), 412, "if-match-failed"
        )
        new = FRAGMENT | {"if-match": reply.headers["etag"]}
        again = await client.patch(location(studio), content=body, headers=new)
        assert again.status_code == 204


async def test_4_3_3_a_restart_replaces_the_candidates(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.3: those that are not in the new set are discarded."""
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
        (session,) = stage.studios._sessions.values()
        ice = session.studio._ice
        assert ice.remote_candidates
        body = fragment(studio, "a=candidate:1 1 udp 5 127.0.0.1 9 typ host", **NEW)
        headers = FRAGMENT | {"if-match": "*"}
        assert (
            await client.patch(location(studio), content=body, headers=headers)
        ).status_code == 200
        assert [candidate.port for candidate in ice.remote_candidates] == [9]


async def test_4_3_3_the_old_session_is_checked_no_more_and_the_new_one_is(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.3: checks with invalid ICE information are dropped; the new path takes over."""
    loop = asyncio.get_running_loop()
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
        headers = FRAGMENT | {"if-match": "*"}
        reply = await client.patch(
            location(studio), content=fragment(studio, **NEW), headers=headers
        )
        port = re.search(r" 127\.0\.0\.1 (\d+) typ host", reply.text)
        assert port
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        class Elsewhere(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Any) -> None:
                heard.put_nowait(data)

        transport, _ = await loop.create_datagram_endpoint(
            Elsewhere, local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", int(port[1]))
        )
        try:
            ours, password = credentials(studio.answer)
            transport.sendto(check(f"{ours}:{credentials(studio.offer)[0]}", password))
            ours, password = credentials(reply.text)
            transport.sendto(check(f"{ours}:neuf", password))
            async with asyncio.timeout(5):
                while True:
                    message = stun.parse_message(await heard.get())
                    assert message.message_class != stun.Class.ERROR
                    if message.message_class == stun.Class.REQUEST:
                        # It checks the new path in its turn, as the new session.
                        assert message.attributes["USERNAME"] == f"neuf:{ours}"
                        assert message.check_message_integrity(NEW["password"].encode())
                        break
                    assert message.message_class == stun.Class.RESPONSE
            answer = stun.Message(
                message_method=stun.Method.BINDING,
                message_class=stun.Class.RESPONSE,
                transaction_id=message.transaction_id,
            )
            answer.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.1", int(port[1]))
            answer.add_message_integrity(NEW["password"].encode())
            transport.sendto(bytes(answer))
            transport.sendto(check(f"{ours}:neuf", password))
            (session,) = stage.studios._sessions.values()
            here = transport.get_extra_info("sockname")
            async with asyncio.timeout(5):
                while session.studio._ice._nominated[1].remote_addr != here:
                    await heard.get()
        finally:
            transport.close()


async def test_4_3_3_a_restart_that_cannot_be_is_refused_and_the_session_goes_on(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.3.3: an error, and the existing ICE session is kept."""
    async with publish() as studio:
        headers = FRAGMENT | {"if-match": "*"}
        for bad in ({"name": "n"}, {"password": "short"}, {"name": "é" * 5}):
            body = fragment(studio, **bad)
            reply = await client.patch(location(studio), content=body, headers=headers)
            problem(reply, 400, "not-a-fragment")
        count = len(stage.source.pictures)
        await stage.source.until(lambda: len(stage.source.pictures) > count + 5)
        assert stage.source.closed is None
