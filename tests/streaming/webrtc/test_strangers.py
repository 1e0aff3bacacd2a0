"""What comes in at the UDP port to harm: it is counted, answered rightly or not at all, and costs
nobody else anything.
"""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator
from typing import ClassVar

import aioice
import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc import rtcp
from streaming.webrtc.mux import HANDSHAKE_LIMIT, Mux
from streaming.webrtc.party import Allowance
from streaming.webrtc.peer import QUESTIONS
from streaming.webrtc.stun import is_genuine, is_message, is_sealed, named, nominates
from tests.streaming.webrtc.door import VIDEO, Guest, Host, packet, visiting


class Hasty(Host):
    connect_within: ClassVar[float] = 1.0


class Patient(Host):
    allowance = 1_000_000


@pytest.fixture
async def mux() -> AsyncIterator[Mux]:
    mux = Mux()
    await mux.open()
    yield mux
    assert mux.counts.failed == 0
    assert not mux.parties
    assert not mux.claims
    assert not mux.asked
    await mux.close()


def port(guest: Guest) -> tuple[str, int]:
    host, number = guest.pair.remote_addr
    return host, number


def stranger() -> socket.socket:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    each.bind(("127.0.0.1", 0))
    each.setblocking(False)
    return each


def flipped(data: bytes, chance: random.Random) -> bytes:
    """`data` with some bytes changed, and sometimes cut or made longer."""
    changed = bytearray(data)
    for place in chance.sample(range(len(changed)), chance.randint(1, 4)):
        changed[place] ^= chance.randrange(1, 256)
    match chance.randrange(6):
        case 0:
            del changed[chance.randrange(len(changed)) :]
        case 1:
            changed += chance.randbytes(chance.randint(1, 60))
    return bytes(changed) or b"\0"


async def settled(guest: Guest) -> None:
    """Wait until all that was sent before to the guest's port has been read."""
    await guest.ask(guest.check())


# Whom nobody knows.


async def test_ten_megabytes_from_strangers_delay_nobody(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.ask(guest.check())
        junk = [bytes((first,)) + os.urandom(1199) for first in (0, 1, 20, 22, 63, 128, 200, 255)]
        with stranger() as source:
            for number in range(100):
                for index in range(88):
                    try:
                        source.sendto(junk[index % len(junk)], port(guest))
                    except BlockingIOError:
                        break
                await guest.gets(packet(number), seconds=2)
            await settled(guest)
            assert mux.counts.strangers > 1000
            with pytest.raises(BlockingIOError):
                source.recv(2000)  # nothing was answered


async def test_real_datagrams_with_bytes_changed_reach_nobody(mux: Mux) -> None:
    """STUN, DTLS, SRTP and SRTCP of a viewer: from its own address, and from another."""
    chance = random.Random(8445)
    async with visiting(mux) as good, visiting(mux, host=Patient) as bad:
        real = [
            bad.sealed(),
            bad.sealed(nominate=False),
            bad.dtls._tx_srtp.protect_rtcp(rtcp.receiver_report(9, "x")),
            bad.dtls._tx_srtp.protect_rtcp(
                rtcp.receiver_report(9, "x") + rtcp.missing(9, VIDEO, [1])
            ),
            bad.dtls._tx_srtp.protect(packet(1)),
            b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x30\x01" + bytes(47),
            b"\x17\xfe\xfd\0\1" + bytes(60),
        ]
        with stranger() as source:
            for index in range(2000):
                data = flipped(chance.choice(real), chance)
                source.sendto(data, port(bad))
                bad.say(data)
                if not index % 100:
                    await good.gets(packet(index))
        await settled(good)
        counts = mux.counts
        assert counts.strangers > 500
        assert counts.malformed > 100
        assert counts.forged > 100
        assert bad.host.refused > 100
        await good.gets(packet(3000))
        assert good.host.refused == 0
        assert bad.host.ends == 0


async def test_a_damaged_handshake_completes_or_ends_and_harms_nobody(mux: Mux) -> None:
    async def try_(seed: int) -> None:
        chance = random.Random(seed)

        def damage(data: bytes) -> bytes:
            return flipped(data, chance) if chance.random() < 0.7 else data

        async with visiting(mux, host=Hasty, handshake=damage) as guest:
            await guest.host.until(lambda: bool(guest.host.ready or guest.host.ends))

    async with visiting(mux) as good:
        await asyncio.gather(*map(try_, range(24)))
        await good.gets(packet(1))


# Whom we know.


async def test_reports_of_random_bytes_are_read_or_not(mux: Mux) -> None:
    chance = random.Random(3550)
    async with visiting(mux) as good, visiting(mux) as bad:
        for index in range(400):
            kind = chance.choice([192, 195, 200, 201, 202, 203, 204, 205, 206, 207, 223])
            head = bytes((chance.choice([0x80, 0x81, 0x8F, 0x9F, 0xA1]), kind))
            # Of one source: a sender with sources without end is not listened to (SOURCE_LIMIT).
            body = (9).to_bytes(4, "big") + chance.randbytes(4 * chance.randint(0, 250))
            size = chance.choice([len(body) // 4, 0, 1, 65535, chance.randrange(300)])
            bad.report(head + size.to_bytes(2, "big") + body)
            if not index % 50:
                await good.gets(packet(index))
        number = 1000
        while 77 not in bad.host.lost[-1:]:  # as soon as it may ask again
            bad.report(rtcp.receiver_report(9, "x") + rtcp.missing(9, VIDEO, [77]))
            await good.gets(packet(number))
            number += 1
        assert bad.host.ends == 0


async def test_what_is_asked_for_in_one_report_is_bounded(mux: Mux) -> None:
    async with visiting(mux) as guest:
        entries = b"".join(n.to_bytes(2, "big") + b"\xff\xff" for n in range(0, 300 * 17, 17))
        head = b"\x81\xcd" + (2 + 300).to_bytes(2, "big")
        everything = head + (9).to_bytes(4, "big") + VIDEO.to_bytes(4, "big") + entries
        guest.report(rtcp.receiver_report(9, "x") + everything)
        await guest.host.until(lambda: bool(guest.host.lost))
        assert len(guest.host.lost) == rtcp.LOST_LIMIT


async def test_who_wants_everything_again_and_again_is_not_read_for_long(mux: Mux) -> None:
    async with visiting(mux, host=Patient) as guest:
        everything = rtcp.missing(9, VIDEO, range(rtcp.LOST_LIMIT))
        for _ in range(400):
            guest.report(rtcp.receiver_report(9, "x") + everything)
            guest.report(rtcp.receiver_report(9, "x") + rtcp.picture_lost(9, VIDEO))
        await settled(guest)
        assert QUESTIONS <= len(guest.host.lost) <= 4 * (QUESTIONS + rtcp.LOST_LIMIT)
        assert guest.host.pictures_lost < 100
        assert guest.host.refused > 400


@pytest.mark.alone
@pytest.mark.slow
async def test_who_floods_is_heard_no_more_and_is_gone_in_ten_seconds(mux: Mux) -> None:
    """Of all kinds: keyframes wanted, checks, a handshake without end, and what is nothing."""
    async with visiting(mux) as good, visiting(mux) as bad:
        began = time.monotonic()
        lost = rtcp.receiver_report(9, "x") + rtcp.picture_lost(9, VIDEO)
        check, number = bad.sealed(), 0
        while not bad.host.ends:
            assert time.monotonic() - began < 10
            for _ in range(20):
                bad.report(lost)
                bad.say(check)
                bad.say(b"\x16\xfe\xfd" + bytes(60))
                bad.say(b"\xff" + bytes(1000))
            number += 1
            await good.gets(packet(number), seconds=2)
        seconds = time.monotonic() - began
        assert bad.host.pictures_lost <= (seconds + 1) * bad.host.allowance
        assert mux.counts.excess > 1000
        assert good.host.ends == 0


async def test_a_handshake_waits_in_a_short_queue(mux: Mux) -> None:
    async with ice_only(mux, Host) as (host, ice):
        for _ in range(2 * HANDSHAKE_LIMIT):  # all of which are read in one turn of the loop
            await ice.send(b"\x16\xfe\xfd" + bytes(60))
        pair = ice._nominated[1]
        check = ice.build_request(pair, nominate=False)
        await pair.protocol.request(check, pair.remote_addr, (ice.remote_password or "").encode())
        assert mux.counts.excess >= HANDSHAKE_LIMIT // 2
        assert not host.ends


@pytest.mark.alone
async def test_dtls_that_never_completes_is_given_up(mux: Mux) -> None:
    async with ice_only(mux, Hasty) as (host, ice):
        began = time.monotonic()
        await ice.send(b"\x16\xfe\xfd" + bytes(60))
        await host.until(lambda: host.ends == 1)
        assert time.monotonic() - began < 5


async def test_who_never_comes_is_given_up(mux: Mux) -> None:
    async with visiting(mux, host=Hasty, connects=False) as guest:
        await guest.host.until(lambda: guest.host.ends == 1)
        assert not guest.host.ready


async def test_we_wait_for_less_than_ten_seconds() -> None:
    assert Host.connect_within < 10


async def test_a_connection_that_ends_says_so_once(mux: Mux) -> None:
    async with visiting(mux) as guest:
        await guest.peer.close()
        await guest.host.until(lambda: guest.host.ends > 0)
        await guest.host.close()
        assert guest.host.ends == 1
        guest.host.send(packet(1))  # goes nowhere
        assert not guest.host.connected


def ice_only(mux: Mux, host: type[Host]) -> "_Half":
    return _Half(mux, host)


class _Half:
    """A viewer that has ICE, and never begins DTLS."""

    def __init__(self, mux: Mux, host: type[Host]) -> None:
        self._visit = visiting(mux, host=host, connects=False)
        self._ice = aioice.Connection(ice_controlling=True)

    async def __aenter__(self) -> tuple[Host, aioice.Connection]:
        guest = await self._visit.__aenter__()
        ours, theirs = guest.host.party.agent, guest.ice
        self._ice._local_username = theirs.local_username
        self._ice._local_password = theirs.local_password
        self._ice.remote_username, self._ice.remote_password = (
            ours.local_username,
            ours.local_password,
        )
        await self._ice.gather_candidates()
        for candidate in ours.local_candidates:
            await self._ice.add_remote_candidate(candidate)
        async with asyncio.timeout(10):
            await self._ice.connect()
        await guest.host.until(lambda: guest.host.path is not None)
        return guest.host, self._ice

    async def __aexit__(self, *error: object) -> None:
        await self._ice.close()
        await self._visit.__aexit__(None, None, None)


# Readers of bytes, which no bytes may trouble.


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_stun(data: bytes) -> None:
    for whole in (data, b"\0\1\0\0" + b"\x21\x12\xa4\x42" + data):
        assert is_message(whole) in (True, False)
        named(whole), nominates(whole)
        if is_sealed(whole):
            assert not is_genuine(whole, b"key")


@given(st.binary(min_size=1, max_size=20), st.integers(0, 10**6), st.integers(1, 255))
def test_a_change_of_one_byte_breaks_a_seal(key: bytes, place: int, change: int) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "us:them"
    request.attributes["PRIORITY"] = 7
    request.add_message_integrity(key)
    data = bytearray(bytes(request))
    assert is_genuine(bytes(data), key)
    data[place % len(data)] ^= change
    broken = bytes(data)
    assert not (is_message(broken) and is_sealed(broken) and is_genuine(broken, key))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_rtcp(data: bytes) -> None:
    said = rtcp.read(data)
    assert all(len(numbers) <= rtcp.LOST_LIMIT for numbers in said.lost.values())
    if said.lost or said.pictures_lost:
        assert rtcp.asks(data)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.9, 1.1, 3.0]), max_size=60))
def test_an_allowance_is_never_more_than_it_is(steps: list[float]) -> None:
    allowance, taken = Allowance(5), 0
    for step in steps:
        allowance._since -= step  # so much time passes
        allowance.left -= 1
        if allowance.left >= 0 or allowance.renewed():
            taken += 1
    assert taken <= 5 * (1 + sum(steps) // 1.0)
