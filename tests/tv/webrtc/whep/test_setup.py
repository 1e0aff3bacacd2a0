"""WHEP by HTTP (draft-ietf-wish-whep-04): resources, and how sessions begin and end (4.1 to 4.4).

One test for each MUST; those that are a player's are not ours to keep.
"""

import asyncio
import re

import httpx
import pytest
from aiortc.sdp import SessionDescription

from tests.streaming.webrtc import offers
from tests.tv.webrtc.whep.conftest import FRAGMENT, SDP, House, Watch, offering, problem

# 4.1: HTTP usage.


@pytest.mark.parametrize("path", ["/plateau/whep", "/plateau/whep/session"])
async def test_4_1_get_is_a_success_without_content(client: httpx.AsyncClient, path: str) -> None:
    """Section 4.1: 2xx with no content, for endpoints and sessions."""
    reply = await client.get(path)
    assert reply.is_success
    assert reply.content == b""
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_4_1_errors_are_problem_statements(client: httpx.AsyncClient) -> None:
    """Section 4.1: finer-grained error information by RFC 9457."""
    reply = await client.post("/nulle-part/whep", content="v=0", headers=SDP)
    assert "«\u00a0nulle-part\u00a0»" in problem(reply, 404, "unknown-channel")


async def test_4_1_other_methods_are_refused_and_say_which_are_not(
    client: httpx.AsyncClient,
) -> None:
    for path, methods, allow in (
        ("/plateau/whep", ("PUT", "PATCH", "DELETE"), "GET, HEAD, POST, OPTIONS"),
        ("/plateau/whep/session", ("PUT", "POST"), "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("/plateau/whep/session/events", ("GET", "PATCH", "DELETE"), "POST, OPTIONS"),
        ("/plateau/whep/session/events/x", ("POST", "PATCH"), "GET, DELETE, OPTIONS"),
    ):
        for method in methods:
            reply = await client.request(method, path)
            problem(reply, 405, "method-not-allowed")
            assert reply.headers["allow"] == allow


# 4.2: discoverability.


async def test_4_2_head_tells_what_the_endpoint_is(client: httpx.AsyncClient) -> None:
    """Section 4.2: 200 with the headers that GET has, application/sdp among them, and no body."""
    head, get = await client.head("/plateau/whep"), await client.get("/plateau/whep")
    assert head.status_code == 200
    assert head.headers["content-type"] == "application/sdp"
    assert head.headers["content-length"] == "0"
    assert head.content == b""
    assert head.headers == get.headers


# 4.3: session set up.


async def test_4_3_1_an_accepted_offer_is_201_with_the_answer_and_where_the_session_is(
    watch: Watch, house: House
) -> None:
    """Section 4.3.1: 201 Created, application/sdp, Location; and media flows."""
    async with watch() as session:
        reply = session.reply
        assert reply.status_code == 201
        assert reply.headers["content-type"] == "application/sdp"
        assert re.fullmatch(r"/plateau/whep/[A-Za-z0-9_-]{32}", session.location)
        assert reply.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
        assert reply.headers["cache-control"] == "no-store"
        exposed = reply.headers["access-control-expose-headers"].split(", ")
        assert {"Location", "ETag", "Link", "Accept-Patch", "Retry-After"} <= set(exposed)
        assert house.viewers == 1


async def test_4_3_1_the_answer_answers_each_section_by_jsep(watch: Watch) -> None:
    """Section 4.3.1: an answer as RFC 9429, 5.3.1 has it."""
    async with watch() as session:
        offered = SessionDescription.parse(session.viewer.offer).media
        answered = SessionDescription.parse(session.viewer.answer).media
        assert [(m.kind, m.rtp.muxId) for m in answered] == [(m.kind, m.rtp.muxId) for m in offered]
        assert [codec.name for codec in answered[0].rtp.codecs] == ["H264", "rtx"]
        assert [codec.name for codec in answered[1].rtp.codecs] == ["opus"]
        assert "a=setup:passive" in session.viewer.answer


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"content-type": "application/json"}, b"{}", 415, "not-sdp"),
        ({}, b"v=0\r\n", 415, "not-sdp"),
        (SDP, b"", 400, "not-an-offer"),
        (SDP, b"bonjour", 400, "not-an-offer"),
        (SDP, b"\xff\xfe", 400, "not-an-offer"),
        (SDP, b"v=0\r\n", 400, "not-an-offer"),
        (SDP, offers.ESSENTIAL.encode() + b"m=video 9 x\r\n", 400, "not-an-offer"),
    ],
)
async def test_4_3_4_another_content_type_or_a_malformed_offer_is_rejected(
    client: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    """Section 4.3.4: an appropriate 4xx."""
    problem(await client.post("/plateau/whep", content=body, headers=headers), status, code)


@pytest.mark.parametrize("direction", ["recvonly", "sendrecv"])
async def test_4_3_5_the_answer_is_sendonly(client: httpx.AsyncClient, direction: str) -> None:
    """Section 4.3.5: "sendonly" in the answer, whichever of the two the offer has."""
    async with offering(direction=direction) as offer:
        reply = await client.post("/plateau/whep", content=offer, headers=SDP)
        directions = [media.direction for media in SessionDescription.parse(reply.text).media]
        assert directions == ["sendonly"] * 2


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
async def test_4_3_5_an_offer_that_does_not_receive_is_rejected(
    client: httpx.AsyncClient, offer: str, direction: str
) -> None:
    """Section 4.3.5: "inactive" and "sendonly" must not be used; who publishes is told where."""
    changed = offer.replace("a=recvonly", f"a={direction}")
    reply = await client.post("/plateau/whep", content=changed, headers=SDP)
    assert "/whip" in problem(reply, 422, "nothing-to-receive")


async def test_4_3_8_who_closes_its_connection_ends_the_session(
    watch: Watch, client: httpx.AsyncClient, house: House
) -> None:
    """Section 4.3.8: DTLS teardown for session termination by either side."""
    async with watch() as session:
        pass
    async with asyncio.timeout(10):
        while (await client.patch(session.location, headers=FRAGMENT)).status_code == 428:
            pass
    problem(await client.delete(session.location), 404, "unknown-session")
    assert house.viewers == 0


# 4.4: session termination.


async def test_4_4_delete_ends_the_session_and_its_ice_and_dtls(
    watch: Watch, client: httpx.AsyncClient, house: House
) -> None:
    """Section 4.4: the resources are freed, consent is revoked at once (RFC 7675, 5.2)."""
    async with watch() as session:
        assert (await client.delete(session.location)).status_code == 200
        assert house.viewers == 0
        async with asyncio.timeout(10):
            await session.viewer.closed.wait()  # by DTLS: no check is answered any more
        problem(await client.delete(session.location), 404, "unknown-session")


@pytest.mark.parametrize(
    "path",
    [
        "/plateau/whep",
        "/plateau/whep/any",
        "/plateau/whep/any/events",
        "/plateau/whep/any/events/any",
    ],
)
async def test_4_4_options_are_answered_for_pages_of_other_sites(
    client: httpx.AsyncClient, path: str
) -> None:
    """Section 4.4: OPTIONS for CORS, 200."""
    asked = {
        "origin": "https://ailleurs.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,if-match",
    }
    reply = await client.options(path, headers=asked)
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "link" not in reply.headers
    allowed = reply.headers["access-control-allow-headers"]
    assert {"Authorization", "Content-Type", "If-Match"} <= set(allowed.split(", "))


async def test_4_4_options_say_what_may_be_sent(client: httpx.AsyncClient) -> None:
    """Section 4.4: Accept-Post; and Accept-Patch (RFC 5789, 3.1) for sessions."""
    reply = await client.options("/plateau/whep")
    assert reply.headers["accept-post"] == "application/sdp"
    assert "POST" in reply.headers["access-control-allow-methods"]
    reply = await client.options("/plateau/whep/any")
    assert reply.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    assert {"PATCH", "DELETE"} <= set(reply.headers["access-control-allow-methods"].split(", "))


async def test_a_session_is_of_one_channel_only(watch: Watch, client: httpx.AsyncClient) -> None:
    async with watch() as session:
        elsewhere = session.location.replace("plateau", "atelier")
        problem(await client.delete(elsewhere), 404, "unknown-session")
        assert (await client.delete(session.location)).status_code == 200


async def test_a_session_may_be_ended_through_any_web_process(
    watch: Watch, other_client: httpx.AsyncClient, house: House
) -> None:
    async with watch() as session:
        assert (await other_client.delete(session.location)).status_code == 200
        assert house.viewers == 0
