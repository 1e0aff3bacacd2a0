"""The shared UDP port: who a datagram is from, and what is answered."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator

import aioice.ice
import pytest
from aioice import stun

from streaming.errors import StreamingError
from streaming.webrtc import mux as mux_module
from streaming.webrtc import private, rtcp
from streaming.webrtc.mux import ADDRESSES_PER_PARTY, Mux
from tests.streaming.webrtc.door import VIDEO, Guest, packet, visiting
from tests.waiting import when

SIX = socket.has_ipv6 and not sys.platform.startswith("win")


@pytest.fixture
async def mux() -> AsyncIterator[Mux]:
    mux = Mux()
    await mux.open()
    yield mux
    assert not mux.parties
    assert not mux.claims
    assert not mux.asked
    await mux.close()


class Elsewhere:
    """A socket that is not the viewer's known one; it can speak for the viewer all the same."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        ours = guest.host.party.agent
        guest.ice.remote_username, guest.ice.remote_password = (
            ours.local_username,
            ours.local_password,
        )
        known = guest.ice._nominated.get(1)
        lane = next(c for c in ours.local_candidates if c.host == "127.0.0.1")
        self.socket.connect(known.remote_addr if known else (lane.host, lane.port))

    async def __aenter__(self) -> "Elsewhere":
        return self

    async def __aexit__(self, *error: object) -> None:
        self.socket.close()

    @property
    def address(self) -> tuple[str, int]:
        name: tuple[str, int] = self.socket.getsockname()
        return name

    def say(self, data: bytes) -> None:
        self.socket.send(data)

    async def hears(self) -> bytes:
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.socket, 2048)

    async def is_checked(self) -> None:
        """Wait for a check of ours, and answer it as the viewer would."""
        while True:
            said = stun.parse_message(await self.hears())
            if said.message_class == stun.Class.REQUEST:
                break
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, said.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()
        answer.add_message_integrity(self.guest.ice.local_password.encode())
        self.say(bytes(answer))


async def test_what_a_known_viewer_asks_again_is_answered_at_once(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.ask(guest.check())  # the first of its kind is its agent's to answer
        before, alive = mux.counts, guest.host.alive
        for _ in range(3):
            answer = await guest.ask(guest.check())
            assert answer.attributes["XOR-MAPPED-ADDRESS"] == guest.pair.local_addr
            assert answer.check_message_integrity(guest.key)
        assert mux.counts.checks == before.checks + 3
        assert mux.counts.new_checks == before.new_checks
        assert guest.host.alive == alive + 3


async def test_a_check_that_is_new_goes_to_the_agent(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.ask(guest.check())
        before = mux.counts
        await guest.ask(guest.check(priority=2))
        await guest.ask(guest.check(nominate=False))
        assert mux.counts.new_checks == before.new_checks + 2
        assert mux.counts.checks == before.checks


async def test_a_conflict_of_roles_is_told(mux: Mux) -> None:
    """RFC 8445, 7.3.1.1: 487, when we should have the role that it takes and it the other."""
    async with visiting(mux) as guest:
        await guest.ask(guest.check())
        for _ in range(2):
            with pytest.raises(stun.TransactionFailed) as failed:
                await guest.ask(guest.check(role="ICE-CONTROLLED"))
            assert failed.value.response.error_code == 487
        await guest.gets(packet(1))


async def test_forged_checks_are_refused_and_counted(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.ask(guest.check())
        alive, claims = guest.host.alive, mux.claims
        right = guest.sealed()
        broken = [
            right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :]
            for at in (len(right) - 1, len(right) - 20)
        ]
        other = guest.check()
        other.attributes["USERNAME"] = f"{guest.ice.remote_username}:somebodyelse"
        other.add_message_integrity(guest.key)
        async with Elsewhere(guest) as stranger:
            for data in (*broken, bytes(other)):
                guest.say(data)
                stranger.say(data)
            # What has a right user but a wrong proof is told so (RFC 8489, 9.1.3); nobody is moved.
            refusal = stun.parse_message(await stranger.hears())
            assert refusal.error_code == 401
            await guest.ask(guest.check())
        assert mux.counts.forged == 6
        assert guest.host.alive == alive + 1
        assert mux.claims == claims


async def test_refusals_are_few_however_many_checks_are_forged(mux: Mux) -> None:
    async with visiting(mux) as guest, Elsewhere(guest) as stranger:
        request = guest.check()
        request.add_message_integrity(b"not the password, though")
        for _ in range(20):
            for _ in range(50):
                stranger.say(bytes(request))
            await guest.ask(guest.check())
        answers = 0
        while True:
            try:
                stranger.socket.recv(2048)
            except BlockingIOError:
                break
            answers += 1
        assert 0 < answers <= 3 * mux_module.REFUSALS  # in less than three seconds
        assert mux.counts.forged + mux.counts.excess == 1000


async def test_a_viewer_may_come_to_another_path_that_is_better(mux: Mux) -> None:
    async with visiting(mux) as guest, Elsewhere(guest) as other:
        await guest.ask(guest.check())
        first = guest.address
        other.say(guest.sealed(priority=2**31 - 1))
        await other.is_checked()
        await guest.host.until(lambda: guest.address != first)
        assert guest.address == other.address
        guest.host.send(packet(7))
        while (await other.hears())[1] & 0x7F != 0x60:
            pass


async def test_a_path_that_was_given_up_may_be_come_back_to(mux: Mux) -> None:
    """Checks that are under way when another path is nominated are broken off."""
    async with (
        visiting(mux, connects=False) as guest,
        Elsewhere(guest) as first,
        Elsewhere(guest) as later,
    ):
        better = 2**31 - 1
        later.say(guest.sealed(nominate=False, priority=better))
        assert stun.parse_message(await later.hears())
        first.say(guest.sealed())
        await first.is_checked()
        await guest.host.until(lambda: guest.host.moves == 1)
        assert guest.address == first.address
        agent = guest.host.party.agent
        await when(lambda: agent._query_consent_task is not None)
        later.say(guest.sealed(priority=better))
        await later.is_checked()
        await later.is_checked()
        await guest.host.until(lambda: guest.address == later.address)


async def test_a_path_that_falls_silent_gives_way_to_a_lesser_one(mux: Mux) -> None:
    async with visiting(mux) as guest, Elsewhere(guest) as other:
        await guest.ask(guest.check())
        other.say(guest.sealed())
        await other.is_checked()
        for claim in guest.host.claims:
            if claim.address == guest.address:
                claim.proved_at -= private.FAITHFUL  # time has passed
        other.say(guest.sealed())
        await guest.host.until(lambda: guest.address == other.address)


async def test_who_nominates_all_paths_keeps_the_best_one(mux: Mux) -> None:
    """As Chromium does (RFC 5245, 8.1.1.2); the last check is not what decides."""
    async with visiting(mux) as guest, Elsewhere(guest) as other:
        await guest.ask(guest.check())
        first, moves = guest.address, guest.host.moves
        other.say(guest.sealed())  # of the lowest priority
        await other.is_checked()
        for _ in range(3):
            other.say(guest.sealed())
            while stun.parse_message(await other.hears()).message_class != stun.Class.RESPONSE:
                pass
            await guest.ask(guest.check())
        assert (guest.address, guest.host.moves) == (first, moves)
        await guest.gets(packet(1))


async def test_a_viewer_claims_few_addresses(mux: Mux) -> None:
    async with visiting(mux) as guest:
        for _ in range(3 * ADDRESSES_PER_PARTY):
            async with Elsewhere(guest) as another:
                another.say(guest.sealed(nominate=False))
                await another.hears()
        assert len(guest.host.claims) <= ADDRESSES_PER_PARTY
        assert len(guest.host._ice._remote_candidates) <= private.REMEMBERED
        assert any(claim.address == guest.address for claim in guest.host.claims)
        await guest.gets(packet(1))


async def test_an_address_in_use_is_not_given_to_another(mux: Mux) -> None:
    """Who can forge a source, and knows only his own password, takes nobody's place."""
    async with visiting(mux) as victim, visiting(mux) as thief:
        await victim.ask(victim.check())
        victim.say(thief.sealed())
        victim.report(rtcp.receiver_report(9, "x") + rtcp.missing(9, VIDEO, [17]))
        await victim.host.until(lambda: victim.host.lost == [17])
        assert all(claim.address != victim.address for claim in thief.host.claims)


async def test_an_address_that_is_left_is_free_for_another(mux: Mux) -> None:
    async with visiting(mux) as left, visiting(mux) as comes:
        for claim in left.host.claims:
            claim.proved_at -= mux_module.HELD  # time has passed
        left.say(comes.sealed())
        await comes.host.until(
            lambda: any(claim.address == left.address for claim in comes.host.claims)
        )


async def test_broken_stun_does_not_wait_in_the_handshakes_queue(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.ask(guest.check())
        request = guest.check()
        request.attributes["SOFTWARE"] = "x" * 7
        request.add_message_integrity(guest.key)
        broken = bytes(request).replace(b"\x80\x22\0\x07", b"\0\x20\0\x07")  # no address at all
        for _ in range(100):
            guest.say(broken)
        await guest.ask(guest.check())
        assert guest.host.party.agent.waiting == 0
        assert mux.counts.failed == 0


async def test_a_taken_port_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(StreamingError, match=str(port)):
            await Mux(port).open()


async def test_a_name_is_no_address_to_offer() -> None:
    with pytest.raises(StreamingError, match=r"tv\.example"):
        Mux(8189, ["tv.example"])


# IPv4, IPv6 and names.


@pytest.mark.skipif(not SIX, reason="this machine has no IPv6")
async def test_a_viewer_comes_by_ipv6_alone(mux: Mux) -> None:
    async with visiting(mux, addresses=["::1"]) as guest:
        await guest.gets(packet(1))
        assert guest.address[0] == "::1"
        async with asyncio.timeout(10):
            while not mux.counts.checks:  # its agent's own checks, which are others, come between
                answer = await guest.ask(guest.check())
                assert answer.attributes["XOR-MAPPED-ADDRESS"] == guest.pair.local_addr
        guest.report(rtcp.receiver_report(9, "x") + rtcp.missing(9, VIDEO, [17]))
        await guest.host.until(lambda: guest.host.lost == [17])


@pytest.mark.skipif(not SIX, reason="this machine has no IPv6")
async def test_a_viewer_with_both_uses_either(mux: Mux) -> None:
    async with visiting(mux, addresses=["127.0.0.1", "::1"]) as guest:
        await guest.gets(packet(1))
        versions = {lane.local_candidate.host for lane in guest.host.party.lanes.values()}
        assert {"127.0.0.1", "::1"} <= versions


@pytest.mark.skipif(not SIX, reason="this machine has no IPv6")
async def test_one_port_serves_ipv4_and_ipv6(mux: Mux) -> None:
    async with (
        visiting(mux, addresses=["127.0.0.1"]) as four,
        visiting(mux, addresses=["::1"]) as six,
    ):
        await four.gets(packet(1))
        await six.gets(packet(2))
        assert four.pair.remote_addr[1] == six.pair.remote_addr[1]


async def test_a_viewer_that_hides_its_addresses_comes_to_us_and_nothing_is_looked_up(
    mux: Mux,
) -> None:
    def hide(offer: str) -> str:
        name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"
        hidden = re.sub(r"(a=candidate:\S+ \d udp \d+) \S+ ", rf"\1 {name} ", offer)
        assert name in hidden
        return hidden

    async with visiting(mux, change=hide) as guest:
        await guest.gets(packet(1))
        (remote,) = guest.host._ice.remote_candidates
        assert remote.type == "prflx"
        assert getattr(aioice.ice._mdns, "protocol", None) is None  # who would have asked


async def test_public_addresses_are_offered_first_and_lead_to_the_same_port() -> None:
    mux = Mux(addresses=["203.0.113.7", "2001:db8::7"])
    await mux.open()
    async with visiting(mux, everywhere=True) as guest:
        offered = [
            (c.host, c.port) for c in sorted(guest.ice.remote_candidates, key=lambda c: -c.priority)
        ]
        port = guest.pair.remote_addr[1]
        assert offered[:2] == [("203.0.113.7", port), ("2001:db8::7", port)]
        assert ("127.0.0.1", port) in offered
        await guest.gets(packet(1))
    await mux.close()
