"""WHIP by HTTP: each MUST of RFC 9725 that is ours, by its section; then what studios run into."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aioice import stun
from aiortc.sdp import SessionDescription
from starlette.applications import Starlette

from streaming.errors import PublishRefused
from streaming.ingest.whip.studios import Studios
from streaming.packet import Packet
from streaming.webrtc.mux import Mux
from streaming.webrtc.sdp import Refusal
from tests.streaming.ingest.films import Recorder
from tests.streaming.ingest.whip.publisher import Publisher, publishing
from tests.streaming.webrtc.media import encode_pictures, encode_sounds
from tv import problems, whip
from tv.keys import stream_key

SECRET = b"a secret of thirty-two bytes ..."
KEY = stream_key(SECRET, "plateau", "primary")
BACKUP_KEY = stream_key(SECRET, "plateau", "backup")
OTHER_KEY = stream_key(SECRET, "atelier", "primary")
WRONG_KEY = "plateau-p-" + "a" * 20

SDP = {"content-type": "application/sdp", "authorization": f"Bearer {KEY}"}
FRAGMENT = {
    "content-type": "application/trickle-ice-sdpfrag",
    "authorization": f"Bearer {KEY}",
}
AUTHORIZED = {"authorization": f"Bearer {KEY}"}


class Stage:
    """Media in this process: what `tv.upstream` reaches over the link. Recorders hold the slots."""

    def __init__(self, mux: Mux) -> None:
        self.studios = Studios(mux, self.take)
        self.held: dict[tuple[str, str], Recorder] = {}
        self.time = 0.0
        self.busy = False

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        holder = self.held.get((channel, slot))
        if holder is not None and holder.closed is None:
            raise PublishRefused("L’emplacement est déjà occupé.")
        self.held[channel, slot] = Recorder()
        return self.held[channel, slot]

    @property
    def source(self) -> Recorder:
        return self.held["plateau", "primary"]

    async def publish(self, channel: str, slot: str, sdp: str) -> tuple[str, str, str]:
        if self.busy:
            raise problems.Problem(503, "busy", "Refusé", "Trop de demandes.", retry_after=1)
        return await _told(self.studios.publish((channel, slot), sdp))

    async def change(
        self, channel: str, slot: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None:
        return await _told(self.studios.change(session, (channel, slot), tag, sdp))

    async def unpublish(self, channel: str, slot: str, session: str) -> None:
        await _told(self.studios.hang_up(session, (channel, slot)))


async def _told(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except Refusal as error:
        raise problems.Problem(error.status, error.code, "Refusé", str(error)) from error
    except PublishRefused as error:
        raise problems.Problem(409, "publish-refused", "Refusé", str(error)) from error


@pytest.fixture(scope="module")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="module")
def sounds() -> list[Packet]:
    return encode_sounds(100)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    mux = Mux()
    stage = Stage(mux)
    yield stage
    await stage.studios.close()
    await mux.close()


def client_of(stage: Stage, address: str = "192.0.2.7") -> httpx.AsyncClient:
    app = Starlette(
        routes=whip.routes(stage, ["plateau", "atelier"], SECRET, lambda: stage.time),
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app, client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://tv")


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stage) as client:
        yield client


Publish = Callable[..., Any]


@pytest.fixture
def publish(client: httpx.AsyncClient, pictures: list[Packet], sounds: list[Packet]) -> Publish:
    """`async with publish() as studio`: a studio on air; `studio.session` is the 201 response."""

    async def ask(offer: str) -> tuple[httpx.Response, str]:
        reply = await client.post("/plateau/whip", content=offer, headers=SDP)
        assert reply.status_code == 201, reply.text
        return reply, reply.text

    def publish_(**how: Any) -> Any:
        return publishing(ask, pictures, sounds, **how)

    return publish_


@asynccontextmanager
async def offering(pictures: list[Packet], sounds: list[Packet]) -> AsyncIterator[str]:
    """The offer of a studio that goes no further."""
    made: list[str] = []

    async def ask(offer: str) -> tuple[None, str]:
        made.append(offer)
        raise _Enough

    with pytest.raises(_Enough):
        async with publishing(ask, pictures, sounds):
            pass
    yield made[0]


class _Enough(Exception):
    pass


@pytest.fixture
async def offer(pictures: list[Packet], sounds: list[Packet]) -> AsyncIterator[str]:
    async with offering(pictures, sounds) as made:
        yield made


def location(studio: Publisher) -> str:
    where: str = studio.session.headers["location"]
    return where


def tag(studio: Publisher) -> str:
    value: str = studio.session.headers["etag"]
    return value


def credentials(sdp: str) -> tuple[str, str]:
    name = re.search(r"a=ice-ufrag:(\S+)", sdp)
    password = re.search(r"a=ice-pwd:(\S+)", sdp)
    assert name
    assert password
    return name[1], password[1]


def fragment(studio: Publisher, *lines: str, name: str = "", password: str = "") -> str:
    """An SDP fragment of the studio's, for its ICE session of now unless told."""
    ours = credentials(studio.offer)
    made = [
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 99",
        "a=mid:0",
        f"a=ice-ufrag:{name or ours[0]}",
        f"a=ice-pwd:{password or ours[1]}",
        *lines,
    ]
    return "\r\n".join(made) + "\r\n"


def problem(reply: httpx.Response, status: int, code: str) -> str:
    """What a refusal says, in French (RFC 9457)."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"
    body = reply.json()
    assert body["type"] == f"urn:fabrique-tv:problem:{code}"
    detail: str = body["detail"]
    assert detail
    return detail


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
        (SDP, b"v=0\r\n", 422, "nothing-to-send"),
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


async def test_wrong_keys_of_one_ipv6_network_are_counted_together(
    stage: Stage, offer: str
) -> None:
    wrong = SDP | {"authorization": f"Bearer {WRONG_KEY}"}
    app = Starlette(
        routes=whip.routes(stage, ["plateau"], SECRET, lambda: stage.time),
        exception_handlers=problems.handlers,
    )
    statuses = []
    for host in range(11):
        transport = httpx.ASGITransport(app, client=(f"2001:db8::{host:x}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://tv") as guest:
            reply = await guest.post("/plateau/whip", content=offer, headers=wrong)
            statuses.append(reply.status_code)
    assert statuses == [401] * 10 + [429]


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
