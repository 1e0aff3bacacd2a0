"""Offers that cannot be answered as they are, and what we offer instead (4.3.2)."""

import asyncio
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest
from aiortc.sdp import SessionDescription

from streaming.packet import Packet
from streaming.webrtc import audience
from tests.streaming.webrtc import offers
from tests.tv.webrtc.whep.conftest import FRAGMENT, SDP, House, answering, credentials, problem


async def propose(client: httpx.AsyncClient, body: str = offers.EMPTY) -> httpx.Response:
    reply = await client.post("/plateau/whep", content=body, headers=SDP)
    assert reply.status_code == 406, reply.text
    assert reply.headers["content-type"].startswith("application/sdp")
    return reply


async def test_4_3_2_the_counter_offer_is_406_with_an_offer_and_where_the_session_is(
    client: httpx.AsyncClient,
) -> None:
    """Section 4.3.2: 406, application/sdp, Location; valid-until is an HTTP-date."""
    reply = await propose(client)
    kind, _, until = reply.headers["content-type"].partition("; valid-until=")
    assert kind == "application/sdp"
    left = parsedate_to_datetime(until.strip('"')).timestamp() - time.time()
    assert 5 < left <= audience.PROPOSED
    assert reply.headers["location"].startswith("/plateau/whep/")
    assert "application/sdp" in reply.headers["accept-patch"]
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "ice-server" in reply.headers["link"]  # to be known before the answer is made


async def test_4_3_2_our_offer_is_one_by_jsep(client: httpx.AsyncClient) -> None:
    """Section 4.3.2: an initial offer (RFC 9429, 5.2.1), sendonly (4.3.5), bundled (4.6.1)."""
    reply = await propose(client)
    description = SessionDescription.parse(reply.text)
    assert [media.kind for media in description.media] == ["video", "audio"]
    assert [media.direction for media in description.media] == ["sendonly", "sendonly"]
    assert "a=group:BUNDLE 0 1" in reply.text
    assert reply.text.count("a=setup:actpass") == 2
    assert reply.text.count("a=rtcp-mux-only") == 2
    assert reply.text.count("a=end-of-candidates") == 2
    streams = {media.msid.split()[0] for media in description.media if media.msid}
    assert len(streams) == 1
    profiles = {c.parameters.get("profile-level-id") for c in description.media[0].rtp.codecs}
    assert {"42e01f", "640c1f"} <= profiles


async def test_4_3_2_the_answer_by_patch_is_204_and_media_flows(
    client: httpx.AsyncClient,
    other_client: httpx.AsyncClient,
    house: House,
    pictures: list[Packet],
    sounds: list[Packet],
) -> None:
    """Section 4.3.2: PATCH with application/sdp, 204 No Content; through any web process."""
    for picture, sound in zip(pictures[:20], sounds[:20], strict=True):
        house.feed.webrtc.append(picture)
        house.feed.opus.append(sound)
    reply = await propose(client)
    where = reply.headers["location"]
    async with answering(reply.text) as (viewer, answer):
        agreed = await other_client.patch(where, content=answer, headers=SDP)
        assert agreed.status_code == 204
        assert agreed.content == b""
        await viewer.until(lambda: len(viewer.timestamps("video")) == 20)
        await viewer.until(lambda: bool(viewer.packets["audio"]))
        assert house.viewers == 1
        # From now on it is a session like others.
        problem(await client.patch(where, content=answer, headers=SDP), 409, "no-offer-pending")
        headers = FRAGMENT | {"if-match": agreed.headers["etag"]}
        ours = credentials(answer)
        body = f"a=ice-ufrag:{ours[0]}\r\na=ice-pwd:{ours[1]}\r\na=end-of-candidates\r\n"
        trickled = await client.patch(where, content=body, headers=headers)
        assert trickled.status_code == 204
        assert (await client.delete(where)).status_code == 200
        async with asyncio.timeout(10):
            await viewer.closed.wait()


@pytest.mark.parametrize("body", ["", "bonjour", "v=0\r\n", offers.EMPTY, offers.CHROME])
async def test_4_3_2_a_malformed_answer_is_rejected_and_another_may_come(
    client: httpx.AsyncClient, body: str
) -> None:
    """Section 4.3.2: an appropriate 4xx."""
    reply = await propose(client)
    where = reply.headers["location"]
    problem(await client.patch(where, content=body, headers=SDP), 400, "not-an-answer")
    async with answering(reply.text) as (_, answer):
        assert (await client.patch(where, content=answer, headers=SDP)).status_code == 204


async def test_4_3_2_candidates_before_the_answer_are_told_what_is_awaited(
    client: httpx.AsyncClient,
) -> None:
    where = (await propose(client)).headers["location"]
    headers = FRAGMENT | {"if-match": "*"}
    reply = await client.patch(where, content="a=end-of-candidates\r\n", headers=headers)
    problem(reply, 409, "answer-expected")


async def test_4_3_2_an_offer_that_nobody_answers_is_withdrawn(
    client: httpx.AsyncClient, house: House
) -> None:
    """Section 4.3.2: until then it holds a place, and the places of such offers are few."""
    where = (await propose(client)).headers["location"]
    (viewer,) = house.media.channels["plateau"].relays.live._viewers.values()
    viewer.proposed_until = 1.0  # long ago
    async with asyncio.timeout(10):
        while (await client.patch(where, headers=FRAGMENT)).status_code != 404:
            pass
    assert house.media.audience._there["plateau"] == 0


async def test_4_3_2_offers_that_wait_are_bounded(client: httpx.AsyncClient, house: House) -> None:
    """Beyond that the same is said in French, without an offer of ours."""
    for _ in range(audience.PROPOSALS):
        await propose(client)
    reply = await client.post("/plateau/whep", content=offers.EMPTY, headers=SDP)
    problem(reply, 406, "not-acceptable")
    assert house.media.audience.refused["not-acceptable"] == 1


async def test_who_cannot_show_h264_is_told_so_without_an_offer_of_ours(
    client: httpx.AsyncClient, house: House
) -> None:
    """Debian's Firefox ESR: there is nothing that we could offer it."""
    for _ in range(2):
        reply = await client.post(
            "/plateau/whep", content=offers.FIREFOX_ESR_OF_DEBIAN, headers=SDP
        )
        said = problem(reply, 406, "no-common-codec")
        assert "H.264" in said
        assert "AV1, VP8, VP9" in said
        assert "HLS" in said
        assert "location" not in reply.headers
    assert house.media.audience.refused["no-common-codec"] == 2
    assert not house.media.audience._there["plateau"]


async def test_b_frames_are_told_and_nothing_is_offered_instead(
    client: httpx.AsyncClient, house: House, offer: str
) -> None:
    house.feed.out_of_order = True
    for body in (offer, offers.EMPTY):
        reply = await client.post("/plateau/whep", content=body, headers=SDP)
        assert "images B" in problem(reply, 406, "b-frames")
