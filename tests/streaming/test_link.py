"""The link: typed messages between processes, and nobody waits for a peer that does not read."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streaming import link
from streaming.errors import LinkLost, NotAdmitted
from streaming.link.connection import STRANGERS
from streaming.packet import Packet
from tests.certificates import make_certificate


async def test_messages_arrive_as_they_were_sent(tmp_path: Path) -> None:
    got: list[link.AnyMessage] = []
    sent: list[link.AnyMessage] = [
        link.Follow("sound", "plateau"),
        link.Offer(7, "plateau", "v=0"),
        link.SourceFrame("h264", b"\0" * 100_000, -5, 12, True, b"config"),
        link.Sound("plateau", Packet(b"opus", 1.5, 1.5, True)),
        link.ChannelState(
            "plateau", "slate", 1.0, [link.SourceState("primary", "rtmp", True, False)]
        ),
    ]
    done = asyncio.Event()

    async def serve(peer: link.Link) -> None:
        got.extend([message async for message in peer.receive()])
        done.set()

    async with asyncio.timeout(5), link.listening(tmp_path / "s", serve):
        async with link.connected(tmp_path / "s") as peer:
            for message in sent:
                peer.send(message)
            await peer.drain()
        await done.wait()
    assert got == sent


async def test_peer_that_does_not_read_is_cut_off_and_delays_nobody(tmp_path: Path) -> None:
    peers: list[link.Link] = []
    arrived = asyncio.Event()

    async def serve(peer: link.Link) -> None:
        peers.append(peer)
        arrived.set()
        async for _ in peer.receive():
            pass

    async with asyncio.timeout(20), link.listening(tmp_path / "s", serve):
        _, writer = await asyncio.open_unix_connection(tmp_path / "s")  # never reads
        await arrived.wait()
        frame = link.frame(link.Sound("plateau", Packet(bytes(8_000_000), 0, 0, True)))
        for _ in range(20):
            peers[0].send_frame(frame)
        assert peers[0]._lost
        writer.close()


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff\xff", struct.pack("!I", 3) + b"abc", struct.pack("!I", 9) + b"abc"]
)
async def test_garbage_ends_the_link_and_not_the_server(tmp_path: Path, garbage: bytes) -> None:
    served = asyncio.Queue[link.AnyMessage]()

    async def serve(peer: link.Link) -> None:
        async for message in peer.receive():
            served.put_nowait(message)

    async with asyncio.timeout(5), link.listening(tmp_path / "s", serve):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(garbage)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        async with link.connected(tmp_path / "s") as peer:
            peer.send(link.Now(1.0))
            assert await served.get() == link.Now(1.0)


async def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LinkLost):
        async with link.connected(tmp_path / "none"):
            pass


@contextmanager
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    yield number


async def test_a_machine_with_a_pass_is_let_in_and_another_is_told(tmp_path: Path) -> None:
    got = asyncio.Queue[link.AnyMessage]()

    async def serve(peer: link.Link) -> None:
        async for message in peer.receive():
            got.put_nowait(message)

    with port() as number:
        listening = link.listening_to_machines("127.0.0.1", number, serve, "right".__eq__)
        async with asyncio.timeout(20), listening:
            async with link.connected(link.Remote("127.0.0.1", number, "right")) as peer:
                peer.send(link.Follow("states"))
                assert await got.get() == link.Follow("states")
            with pytest.raises(NotAdmitted):
                async with link.connected(link.Remote("127.0.0.1", number, "wrong")):
                    pass
        assert got.empty()
        with pytest.raises(LinkLost):
            async with link.connected(link.Remote("127.0.0.1", number, "right")):
                pass


async def test_between_machines_the_link_may_be_encrypted(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate, key)
    got = asyncio.Queue[link.AnyMessage]()

    async def serve(peer: link.Link) -> None:
        async for message in peer.receive():
            got.put_nowait(message)

    with port() as number:
        listening = link.listening_to_machines("127.0.0.1", number, serve, bool, ours)
        async with asyncio.timeout(20), listening:
            trusting = ssl.create_default_context(cafile=str(certificate))
            async with link.connected(link.Remote("127.0.0.1", number, "pass", trusting)) as peer:
                peer.send(link.Follow("states"))
                assert await got.get() == link.Follow("states")
            for other in (ssl.create_default_context(), None):  # who trusts others, or speaks plain
                with pytest.raises(LinkLost):
                    async with link.connected(link.Remote("127.0.0.1", number, "pass", other)):
                        pass


@pytest.mark.parametrize(
    "said",
    [
        link.frame(link.Follow("hls")),  # something else first
        struct.pack("!I", 5000) + b"x" * 5000,  # longer than any pass
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_who_does_not_begin_with_a_pass_is_not_heard(said: bytes) -> None:
    served: list[link.Link] = []

    async def serve(peer: link.Link) -> None:
        served.append(peer)

    with port() as number:
        listening = link.listening_to_machines("127.0.0.1", number, serve, lambda token: True)
        async with asyncio.timeout(20), listening:
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            writer.write(said)
            assert await reader.read() == b""
            writer.close()
    assert not served


async def test_strangers_who_say_nothing_do_not_pile_up() -> None:
    async def serve(peer: link.Link) -> None:
        async for _ in peer.receive():
            pass

    with port() as number:
        listening = link.listening_to_machines("127.0.0.1", number, serve, lambda token: True)
        async with asyncio.timeout(20), listening:
            silent = [await asyncio.open_connection("127.0.0.1", number) for _ in range(40)]
            _, pending = await asyncio.wait(
                [asyncio.create_task(reader.read()) for reader, _ in silent], timeout=1.0
            )
            assert len(pending) == STRANGERS  # until they have had their time
            for _, writer in silent:
                writer.close()
            await asyncio.wait(pending)


async def test_a_machine_that_takes_nothing_any_more_is_gone() -> None:
    """As one whose cable was pulled: the kernel gives up waiting, which is no ConnectionError."""
    ended: asyncio.Future[list[link.AnyMessage]] = asyncio.get_running_loop().create_future()

    async def serve(peer: link.Link) -> None:
        connection = peer._writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
        peer.send(link.Sound("plateau", Packet(bytes(32_000_000), 0, 0, True)))
        with pytest.raises(LinkLost):
            await peer.drain()
        ended.set_result([message async for message in peer.receive()])

    with port() as number:
        listening = link.listening_to_machines("127.0.0.1", number, serve, lambda token: True)
        with socket.socket() as machine:
            async with asyncio.timeout(20), listening:
                machine.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(machine, ("127.0.0.1", number))
                await loop.sock_sendall(machine, link.frame(link.Hello("pass")))
                assert await ended == []
