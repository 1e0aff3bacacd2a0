"""WHIP by HTTP (RFC 9725): methods, errors, and how a session begins and ends (4.1, 4.2)."""

import asyncio
import re

import httpx
import pytest
from aiortc.sdp import SessionDescription

from tests.streaming.webrtc import offers
from tests.tv.webrtc.whip.conftest import AUTHORIZED, SDP, Publish, Stage, location, problem

# 4.1: HTTP usage.


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_4_1_resources_without_a_representation_say_which_methods_they_have(
    client: httpx.AsyncClient, method: str
) -> None:
    """Section 4.1: there is nothing to get; the answer names what there is instead."""
    for path, allow in (
        ("/plateau/whip", "POST, OPTIONS"),
        ("/plateau/whip/session", "PATCH, DELETE, OPTIONS"),
    ):
        reply = await client.request(method, path, headers=AUTHORIZED)
        assert reply.status_code == 405
        assert reply.headers["allow"] == allow
        if method != "HEAD":
            problem(reply, 405, "method-not-allowed")


async def test_4_1_errors_are_problem_statements(client: httpx.AsyncClient) -> None:
    """Section 4.1: finer-grained error information by RFC 9457."""
    reply = await client.post("/nulle-part/whip", content="v=0", headers=SDP)
    assert "«\u00a0nulle-part\u00a0»" in problem(reply, 404, "unknown-channel")


# 4.2: ingest session setup.


async def test_4_2_post_is_answered_with_201_the_answer_and_where_the_session_is(
    publish: Publish, stage: Stage
) -> None:
    """Section 4.2: 201 Created, application/sdp, Location."""
    async with publish() as studio:
        reply = studio.session
        assert reply.status_code == 201
        assert reply.headers["content-type"] == "application/sdp"
        assert re.fullmatch(r"/plateau/whip/[A-Za-z0-9_-]{32}", location(studio))
        assert "Location" in reply.headers["access-control-expose-headers"]
        assert "ETag" in reply.headers["access-control-expose-headers"]
        await stage.source.until(lambda: len(stage.source.pictures) > 5)


async def test_4_2_the_answer_answers_each_section_by_jsep(publish: Publish) -> None:
    """Section 4.2: an answer as RFC 9429, 5.3.1 has it."""
    async with publish() as studio:
        offered = SessionDescription.parse(studio.offer).media
        answered = SessionDescription.parse(studio.answer).media
        assert [(m.kind, m.rtp.muxId) for m in answered] == [(m.kind, m.rtp.muxId) for m in offered]
        assert [codec.name for codec in answered[0].rtp.codecs] == ["H264", "rtx"]
        assert [codec.name for codec in answered[1].rtp.codecs] == ["opus"]
        assert "a=setup:passive" in studio.answer


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"content-type": "application/json"}, b"{}", 415, "not-sdp"),
        ({}, b"v=0\r\n", 415, "not-sdp"),
        (SDP, b"", 400, "not-an-offer"),
        (SDP, b"bonjour", 400, "not-an-offer"),
        (SDP, b"\xff\xfe", 400, "not-an-offer"),
        (SDP, b"v=0\r\nm=video 9 x\r\n", 400, "not-an-offer"),
        (SDP, b"v=0\r\n", 400, "not-an-offer"),
        (SDP, offers.EMPTY.encode(), 422, "nothing-to-send"),
    ],
)
async def test_4_2_another_content_type_or_a_malformed_offer_is_rejected(
    client: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    """Section 4.2: an appropriate 4xx."""
    reply = await client.post("/plateau/whip", content=body, headers=AUTHORIZED | headers)
    problem(reply, status, code)


@pytest.mark.parametrize("direction", ["sendonly", "sendrecv"])
async def test_4_2_the_answer_is_recvonly(
    client: httpx.AsyncClient, offer: str, direction: str
) -> None:
    """Section 4.2: "recvonly" in the answer, whichever of the two the offer has."""
    changed = offer.replace("a=sendonly", f"a={direction}")
    reply = await client.post("/plateau/whip", content=changed, headers=SDP)
    assert [m.direction for m in SessionDescription.parse(reply.text).media] == ["recvonly"] * 2
    assert "a=ssrc" not in reply.text
    assert "a=msid" not in reply.text


@pytest.mark.parametrize("direction", ["recvonly", "inactive"])
async def test_4_2_an_offer_that_does_not_send_is_rejected(
    client: httpx.AsyncClient, offer: str, direction: str
) -> None:
    """Section 4.2: "inactive" and "recvonly" must not be used."""
    changed = offer.replace("a=sendonly", f"a={direction}", 1)
    reply = await client.post("/plateau/whip", content=changed, headers=SDP)
    assert "sendonly" in problem(reply, 422, "nothing-to-send")


async def test_4_2_delete_ends_the_session_and_its_ice_and_dtls(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.2: the resources are freed, consent is revoked at once (RFC 7675, 5.2)."""
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
        assert (await client.delete(location(studio), headers=AUTHORIZED)).status_code == 200
        assert stage.source.closed
        async with asyncio.timeout(10):
            await studio.closed.wait()  # by DTLS: no check is answered any more
        gone = await client.delete(location(studio), headers=AUTHORIZED)
        problem(gone, 404, "unknown-session")


async def test_4_2_a_studio_that_closes_its_connection_ends_the_session(
    publish: Publish, client: httpx.AsyncClient, stage: Stage
) -> None:
    """Section 4.2: DTLS teardown for session termination by either side."""
    async with publish() as studio:
        await stage.source.until(lambda: bool(stage.source.pictures))
    await stage.source.until(lambda: stage.source.closed)
    gone = await client.delete(location(studio), headers=AUTHORIZED)
    problem(gone, 404, "unknown-session")


async def test_4_2_options_answer_preflight_and_say_what_post_takes(
    client: httpx.AsyncClient,
) -> None:
    """Section 4.2: OPTIONS for CORS, with Accept-Post."""
    asked = {
        "origin": "https://ailleurs.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    reply = await client.options("/plateau/whip", headers=asked)
    assert reply.status_code == 200
    assert reply.headers["accept-post"] == "application/sdp"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "Authorization" in reply.headers["access-control-allow-headers"]
    session = await client.options("/plateau/whip/any", headers=asked)
    assert session.status_code == 200
    assert {"PATCH", "DELETE"} <= set(session.headers["access-control-allow-methods"].split(", "))
    assert "If-Match" in session.headers["access-control-allow-headers"]
