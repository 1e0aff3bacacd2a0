"""WHEP sessions after their beginning (4.5): PATCH, trickle ICE, ICE restarts.

What is shared with WHIP is tried there in more depth: tests/tv/webrtc/whip/test_trickle.py.
"""

import re

import httpx
import pytest

from streaming.packet import Packet
from streaming.webrtc import ice
from tests.tv.webrtc.whep.conftest import FRAGMENT, SDP, House, Watch, credentials, problem

END = "a=end-of-candidates"
NEW = {"name": "neuf", "password": "unmotdepassetoutneuf12345"}


# 4.5.1: PATCH.


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", f"{END}\r\n", 415, "not-a-fragment"),
        ("", f"{END}\r\n", 415, "not-a-fragment"),
        ("application/sdp", f"{END}\r\n", 409, "no-offer-pending"),
        ("application/trickle-ice-sdpfrag", "", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "bonjour", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=candidate:1\r\n", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=ice-ufrag:x\r\n", 400, "not-a-fragment"),
        ("application/trickle-ice-sdpfrag", "a=x\r\n" * 9000, 413, "offer-too-large"),
    ],
)
async def test_4_5_1_another_content_type_or_a_malformed_fragment_is_rejected(
    watch: Watch, client: httpx.AsyncClient, kind: str, body: str, status: int, code: str
) -> None:
    """Section 4.5.1: an appropriate 4xx; the session goes on."""
    async with watch() as session:
        headers = {"if-match": session.tag} | ({"content-type": kind} if kind else {})
        problem(await client.patch(session.location, content=body, headers=headers), status, code)
        assert (await client.delete(session.location)).status_code == 200


async def test_4_5_1_the_201_has_a_strong_entity_tag_of_its_own(
    client: httpx.AsyncClient, offer: str
) -> None:
    """Section 4.5.1: unique, strong, in the response to POST."""
    tags = set()
    for _ in range(3):
        reply = await client.post("/plateau/whep", content=offer, headers=SDP)
        assert re.fullmatch(r'"[\x21\x23-\x7e]+"', reply.headers["etag"])  # RFC 9110, 8.8.3
        tags.add(reply.headers["etag"])
    assert len(tags) == 3


async def test_4_5_1_delete_ignores_any_entity_tag(watch: Watch, client: httpx.AsyncClient) -> None:
    """Section 4.5.1: a tag is ignored where no ICE session is to be matched."""
    async with watch() as session:
        headers = {"if-match": '"of another time"'}
        assert (await client.delete(session.location, headers=headers)).status_code == 200


async def test_4_5_1_a_missing_entity_tag_is_428_and_another_one_412(
    watch: Watch, client: httpx.AsyncClient
) -> None:
    """Section 4.5.1."""
    async with watch() as session:
        body = session.fragment(END)
        reply = await client.patch(session.location, content=body, headers=FRAGMENT)
        problem(reply, 428, "if-match-required")
        for wrong in ('"another"', "W/" + session.tag, session.tag.strip('"')):
            headers = FRAGMENT | {"if-match": wrong}
            reply = await client.patch(session.location, content=body, headers=headers)
            problem(reply, 412, "if-match-failed")


# 4.5.2: trickle ICE.


async def test_4_5_2_the_answer_has_all_our_candidates(watch: Watch) -> None:
    """Section 4.5.2: all are gathered before the answer; none can be signalled later."""
    async with watch() as session:
        answer = session.viewer.answer
        assert re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host", answer)
        assert END in answer
        assert "a=ice-options:trickle" in answer


async def test_4_5_2_new_candidates_are_204_without_body_or_tag(
    watch: Watch, client: httpx.AsyncClient
) -> None:
    """Section 4.5.2; and those that we cannot use are discarded silently."""
    async with watch() as session:
        body = session.fragment(
            "a=candidate:1 1 udp 2122260223 127.0.0.1 9 typ host",
            "a=candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
            "a=candidate:3 1 udp 2122260223 0d3c9a5e-1111-2222-3333-444455556666.local 5 typ host",
            "a=candidate:4 1 quic 2122260223 192.0.2.1 5000 typ novelty",
        )
        headers = FRAGMENT | {"if-match": session.tag}
        reply = await client.patch(session.location, content=body, headers=headers)
        assert reply.status_code == 204
        assert reply.content == b""
        assert "etag" not in reply.headers


async def test_4_5_2_a_viewer_whose_offer_has_no_candidates_is_found(
    watch: Watch, client: httpx.AsyncClient
) -> None:
    """Section 4.5.2: an offer with an empty list of candidates (RFC 8863)."""

    def without(offer: str) -> str:
        return re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", offer)

    async with watch(change=without) as session:
        assert session.viewer.packets["video"]


# 4.5.3: ICE restarts.


async def test_4_5_3_new_credentials_are_an_ice_restart(
    watch: Watch,
    client: httpx.AsyncClient,
    other_client: httpx.AsyncClient,
    house: House,
    sounds: list[Packet],
) -> None:
    """Section 4.5.3: 200, our new credentials and candidates, a new entity tag; media goes on."""
    async with watch() as session:
        headers = FRAGMENT | {"if-match": "*"}
        body = session.fragment(**NEW)
        reply = await other_client.patch(session.location, content=body, headers=headers)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/trickle-ice-sdpfrag"
        assert credentials(reply.text) != credentials(session.viewer.answer)
        assert re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host", reply.text)
        assert "a=ice-options:trickle" in reply.text  # as in the answer
        assert re.fullmatch(r'"[\x21\x23-\x7e]+"', reply.headers["etag"])
        assert reply.headers["etag"] != session.tag
        old, new = ({"if-match": tag} for tag in (session.tag, reply.headers["etag"]))
        body = session.fragment(END, **NEW)
        stale = await client.patch(session.location, content=body, headers=FRAGMENT | old)
        problem(stale, 412, "if-match-failed")
        again = await client.patch(session.location, content=body, headers=FRAGMENT | new)
        assert again.status_code == 204
        # Media goes by the old path until the viewer has chosen a new one.
        had = len(session.viewer.packets["audio"])
        for sound in sounds[20:30]:
            house.feed.opus.append(sound)
        await session.viewer.until(lambda: len(session.viewer.packets["audio"]) > had)


async def test_4_5_3_a_restart_that_cannot_be_is_refused_and_the_session_goes_on(
    watch: Watch, client: httpx.AsyncClient
) -> None:
    """Section 4.5.3: an error, and the existing ICE session is kept."""
    async with watch() as session:
        headers = FRAGMENT | {"if-match": "*"}
        for bad in ({"name": "n"}, {"password": "short"}, {"name": "é" * 5}):
            body = session.fragment(**bad)
            reply = await client.patch(session.location, content=body, headers=headers)
            problem(reply, 400, "not-a-fragment")
        headers = FRAGMENT | {"if-match": session.tag}
        body = session.fragment(END)
        kept = await client.patch(session.location, content=body, headers=headers)
        assert kept.status_code == 204


async def test_a_flood_of_changes_is_429_and_costs_others_nothing(
    watch: Watch, client: httpx.AsyncClient
) -> None:
    """Section 5: a rate limit for PATCH, and for each session alone."""
    async with watch() as session, watch() as other:
        headers = FRAGMENT | {"if-match": session.tag}
        body = session.fragment(END)
        replies = [
            await client.patch(session.location, content=body, headers=headers)
            for _ in range(2 * ice.CHANGES)
        ]
        assert [reply.status_code for reply in replies[: ice.CHANGES]] == [204] * ice.CHANGES
        problem(replies[-1], 429, "too-many-changes")
        assert replies[-1].headers["retry-after"] == "1"
        headers = FRAGMENT | {"if-match": other.tag}
        reply = await client.patch(other.location, content=other.fragment(END), headers=headers)
        assert reply.status_code == 204
