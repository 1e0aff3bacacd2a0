"""What WHIP asks of an offer and of us (RFC 9725, 4.4 to 4.9): one test for each MUST."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.tv.webrtc.whip.conftest import KEY, SDP, WRONG_KEY, Publish, Stage, credentials, problem

# 4.4: WebRTC constraints.


async def test_4_4_1_the_answer_bundles_all_on_one_transport_with_rtcp(publish: Publish) -> None:
    """Section 4.4.1: max-bundle, rtcp-mux, and rtcp-mux-only in each section."""
    async with publish() as studio:
        head, *sections = re.split(r"(?m)^(?=m=)", studio.answer)
        assert "a=group:BUNDLE 0 1" in head
        assert len(sections) == 2
        for section in sections:
            assert section.count("a=rtcp-mux\r\n") == 1
            assert section.count("a=rtcp-mux-only\r\n") == 1
        assert len({credentials(section) for section in sections}) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda offer: offer.replace("a=group:BUNDLE 0 1\r\n", ""), "BUNDLE"),
        (lambda offer: offer.replace("a=rtcp-mux\r\n", ""), "rtcp-mux"),
    ],
)
async def test_4_4_1_an_offer_without_bundle_or_mux_is_rejected(
    client: httpx.AsyncClient, offer: str, change: Callable[[str], str], said: str
) -> None:
    """Section 4.4.1: multiplexed media only."""
    reply = await client.post("/plateau/whip", content=change(offer), headers=SDP)
    assert said in problem(reply, 422, "offer-refused")


async def test_4_4_1_a_section_that_lives_in_the_bundle_only_is_answered(
    client: httpx.AsyncClient, offer: str
) -> None:
    """Section 4.4.1: as max-bundle offers have it, with port 0."""
    changed = re.sub(r"m=audio \d+", "m=audio 0", offer)
    reply = await client.post("/plateau/whip", content=changed, headers=SDP)
    assert reply.status_code == 201
    assert reply.text.count("a=recvonly") == 2


async def test_4_4_2_more_than_one_stream_or_track_of_a_kind_is_rejected(
    client: httpx.AsyncClient, offer: str
) -> None:
    """Section 4.4.2: one MediaStream, at most one track of each kind."""
    head, picture, sound = re.split(r"(?m)^(?=m=)", offer)
    twice = (head + picture + sound + sound.replace("a=mid:1", "a=mid:2")).replace(
        "BUNDLE 0 1", "BUNDLE 0 1 2"
    )
    reply = await client.post("/plateau/whip", content=twice, headers=SDP)
    problem(reply, 422, "too-many-tracks")
    streams = head + re.sub("a=msid:", "a=msid:another", picture) + sound
    reply = await client.post("/plateau/whip", content=streams, headers=SDP)
    assert "MediaStream" in problem(reply, 422, "too-many-tracks")


async def test_4_4_3_an_answer_is_never_half_of_it(client: httpx.AsyncClient, offer: str) -> None:
    """Section 4.4.3: what cannot be taken whole is rejected whole, with what to change."""
    for change, said in (
        (lambda sdp: re.sub("H264/90000", "VP8/90000", sdp), "VP8"),
        (lambda sdp: re.sub("H264/90000", "VP9/90000", sdp), "H.264"),
        (lambda sdp: re.sub("H264/90000", "AV1/90000", sdp), "AV1"),
        (lambda sdp: re.sub("packetization-mode=1", "packetization-mode=0", sdp), "H.264"),
        (lambda sdp: re.sub("opus/48000/2", "G722/8000", sdp), "Opus"),
        (lambda sdp: sdp.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + DATA, "canal de données"),
    ):
        reply = await client.post("/plateau/whip", content=change(offer), headers=SDP)
        assert said in problem(reply, 422, reply.json()["type"].rpartition(":")[2])


DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n"


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")]
)
async def test_4_4_4_any_dtls_role_of_the_studio_is_met(
    client: httpx.AsyncClient, offer: str, offered: str, answered: str
) -> None:
    """Section 4.4.4: "active" is supported, and so is what need not be."""
    changed = offer.replace("a=setup:actpass", f"a=setup:{offered}")
    reply = await client.post("/plateau/whip", content=changed, headers=SDP)
    assert f"a=setup:{answered}" in reply.text


# 4.5 to 4.9.


async def test_4_5_nothing_is_redirected_and_503_says_when_to_come_back(
    client: httpx.AsyncClient, stage: Stage, offer: str
) -> None:
    """Section 4.5: 301 and 302 must not be used; high load may be 503 with Retry-After."""
    for path in ("/plateau/whip", "/plateau/whip/", "/nulle-part/whip"):
        for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS"):
            reply = await client.request(method, path, headers=SDP, follow_redirects=False)
            assert reply.status_code not in (301, 302)
    stage.busy = True
    reply = await client.post("/plateau/whip", content=offer, headers=SDP)
    problem(reply, 503, "busy")
    assert reply.headers["retry-after"] == "1"


async def test_4_6_and_4_9_there_is_no_server_nor_extension_to_link_to(publish: Publish) -> None:
    """Sections 4.6 and 4.9: a Link for each there is: none."""
    async with publish() as studio:
        assert "link" not in studio.session.headers


@pytest.mark.parametrize(
    "header", [None, "", f"Basic {KEY}", "Bearer", f"Bearer {WRONG_KEY}", "Bearer é", "Bearer p-a"]
)
async def test_4_7_a_bearer_token_is_needed_and_a_wrong_one_is_told_nothing_but_no(
    client: httpx.AsyncClient, stage: Stage, offer: str, header: str | None
) -> None:
    """Section 4.7.1: the Authorization header with a Bearer token, for each request."""
    headers = SDP | ({} if header is None else {"authorization": header.encode()})
    if header is None:
        del headers["authorization"]
    for method, path in (
        ("POST", "/plateau/whip"),
        ("PATCH", "/plateau/whip/any"),
        ("DELETE", "/plateau/whip/any"),
    ):
        reply = await client.request(method, path, content=offer, headers=headers)
        problem(reply, 401, "unknown-key")
        assert reply.headers["www-authenticate"] == "Bearer"
    assert not stage.held


async def test_4_7_preflight_needs_no_token(client: httpx.AsyncClient) -> None:
    """Section 4.7.1: browsers send none with it."""
    assert (await client.options("/plateau/whip")).status_code == 200


async def test_4_8_simulcast_is_not_accepted_and_one_picture_is_taken(
    client: httpx.AsyncClient, offer: str
) -> None:
    """Section 4.8: the answer does not have what we do not support (RFC 8853, 5.3.2)."""
    layers = "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n"
    changed = offer.replace("a=mid:0\r\n", "a=mid:0\r\n" + layers)
    reply = await client.post("/plateau/whip", content=changed, headers=SDP)
    assert reply.status_code == 201
    assert "simulcast" not in reply.text
    assert "a=rid" not in reply.text
