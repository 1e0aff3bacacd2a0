"""Stores of every kind, really there: a master that Sentinels watch, a Cluster."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from tests.servers import free_ports
from tests.tv.test_snapshots import asked
from tests.waiting import when
from tv import journal, store, store_url
from tv.compaction import Compaction, erasure
from tv.follower import Follower
from tv.journal import StoreUnavailable
from tv.limits import Limits, TooFast
from tv.settings import Limits as Rates
from tv.settings import Rate, SettingsError, load, without_secrets
from tv.store_url import BadStoreUrl, StoreUrl
from tv.tasks import running

PAIRS = {  # what a rate needs besides
    "limits__talk": {"FABRIQUE_LIMITS__TALK__PER_SECOND": "1"},
    "limits__event": {"FABRIQUE_LIMITS__EVENT__BURST": "1"},
}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("unix:///run/store.sock", StoreUrl("one", path="/run/store.sock")),
        ("redis://store", StoreUrl("one", (("store", 6379),))),
        ("rediss://:s%40@store:1/2", StoreUrl("one", (("store", 1),), "", True, "", "s@", "", 2)),
        (
            "redis+sentinel://a:1,b/show/3",
            StoreUrl("sentinel", (("a", 1), ("b", 26379)), service="show", database=3),
        ),
        ("redis+cluster://[::1]:7000,b", StoreUrl("cluster", (("::1", 7000), ("b", 6379)))),
    ],
)
def test_address_is_taken_apart(url: str, place: StoreUrl) -> None:
    assert store_url.parse(url) == place


@pytest.mark.parametrize(
    "url",
    [
        *("", "store", "http://store", "redis://", "redis://store:0", "redis://store:x"),
        *("redis://a,b", "redis://store/x", "redis+sentinel://a", "redis+cluster://a/1"),
        *("redis+sentinel:///show", "unix://", "redis+other://a", "redis://[::1"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadStoreUrl):
        store_url.parse(url)
    if url:
        with pytest.raises(SettingsError, match=r"\[store\] url"):
            load(None, {"FABRIQUE_STORE__URL": url})


def test_password_is_not_shown() -> None:
    assert store_url.parse("redis+sentinel://u:secret@a:1,b:2/show").shown == "a:1,b:2/show"

    settings = load(None, {"FABRIQUE_STORE__URL": "redis+sentinel://u:secret@a:1,b:2/show"})
    assert without_secrets(settings).store.url == "redis+sentinel://a:1,b:2/show"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORE__REPLICAS", "1"),  # without the address of a store that has any
        ("LIMITS__TALK__BURST", "0"),
        ("LIMITS__EVENT__PER_SECOND", "0"),
        ("PRIVACY__DAYS", "-1"),
    ],
)
def test_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    section, _, key = name.lower().rpartition("__")
    with pytest.raises(SettingsError, match=key):
        load(None, {f"FABRIQUE_{name}": value} | PAIRS.get(section, {}))


async def test_sentinels_are_asked_by_tls_where_that_is_wanted() -> None:
    began: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began.put_nowait(await reader.read(1))
        writer.close()

    async with asyncio.timeout(10), await asyncio.start_server(listen, "127.0.0.1", 0) as sentinel:
        port = sentinel.sockets[0].getsockname()[1]
        async with store.connected(f"rediss+sentinel://127.0.0.1:{port}/show") as client:
            assert not await store.answers(client)
    assert await began.get() == b"\x16"  # a handshake (RFC 8446, section 5.1)


@contextmanager
def server(folder: Path, port: int, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A store of its own on a TCP port."""
    folder.mkdir()
    where = ("--port", str(port), "--dir", str(folder), "--bind", "127.0.0.1", "--save", "")
    command = [str(store._binary()), *options, *where]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def asked_of(port: int, *command: str) -> object:
    """The answer of the store on a port, once it answers."""
    async with asyncio.timeout(30), store.connected(f"redis://127.0.0.1:{port}") as client:
        while True:
            try:
                answer: object = await client.execute_command(*command)
                return answer
            except (RedisError, OSError):
                await asyncio.sleep(0.05)


async def until_said(port: int, said: str, *command: str) -> None:
    """Wait until the store on a port answers so."""

    async def is_said() -> bool:
        return said in str(await asked_of(port, *command))

    await when(is_said)


async def test_one_node_of_a_cluster_has_all_of_an_event(tmp_path: Path) -> None:
    port, bus = free_ports(2)
    of_a_cluster = ("--cluster-enabled", "yes", "--cluster-port", str(bus))
    with server(tmp_path / "node", port, *of_a_cluster):
        await asked_of(port, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        await until_said(port, "cluster_state:ok", "CLUSTER", "INFO")
        async with (
            asyncio.timeout(60),
            store.connected(f"redis+cluster://127.0.0.1:{port}") as client,
            journal.opened(client, "test") as book,
        ):
            follower = Follower(book)
            async with running(follower.run()):
                await follower.ready.wait()
                limits = Limits("test", Rates(participant=Rate(burst=5, per_second=0.01)))
                for number in range(5):
                    await follower.write(asked(number), limits.of("p_0", "direct"))
                with pytest.raises(TooFast):
                    await follower.write(asked(5), limits.of("p_0", "direct"))
                await client.set("fabrique:{test}:clerk", "us")
                await follower.write(erasure("p_3", "gone_3"))
                await book.snapshots.keep(follower.position, follower.saved())
                noted = tmp_path / "erased.jsonl"
                lease = ("fabrique:{test}:clerk", "us")
                assert await Compaction(client, "test", lease, noted).run(follower.erasure)
                assert await book.snapshots.load() == follower.saved()
                await follower.write(asked(6))
                assert follower.audience.questions.by_id["q3"].body == ""
            async with client.pubsub(ignore_subscribe_messages=True) as published:
                await published.subscribe("fabrique:partial")
                heard = None
                while heard is None:
                    await client.publish("fabrique:partial", b"word")
                    heard = await published.get_message(timeout=0.5)
                assert heard["data"] == b"word"


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_when_the_sentinels_change_the_master() -> None:
    with tempfile.TemporaryDirectory(prefix="fabrique-") as name:
        folder = Path(name)
        ports = free_ports(4)
        durable = (
            *("--appendonly", "yes", "--appendfsync", "always"),
            *("--repl-diskless-sync-delay", "0"),
        )
        after = ("--replicaof", "127.0.0.1", str(ports[0]))
        configuration = folder / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor show 127.0.0.1 {ports[0]} 1\n"
            "sentinel down-after-milliseconds show 3000\nsentinel failover-timeout show 5000\n"
        )
        watch = (str(configuration), "--sentinel")
        with (
            server(folder / "a", ports[0], *durable) as master,
            server(folder / "b", ports[1], *durable, *after),
            server(folder / "c", ports[2], *durable, *after),
        ):
            for port in ports[1:3]:
                await until_said(port, "'master_link_status': 'up'", "INFO", "replication")
            with server(folder / "s", ports[3], *watch):
                await asked_of(ports[3], "PING")
                async with asyncio.timeout(120):
                    await vote_through_a_failover(ports[3], master)


async def vote_through_a_failover(port: int, master: "subprocess.Popen[bytes]") -> None:
    url = f"redis+sentinel://127.0.0.1:{port}/show"
    async with store.connected(url) as client, journal.opened(client, "test", 1) as book:
        follower = Follower(book)
        async with running(follower.run()):
            await follower.ready.wait()
            answered = await asyncio.gather(*(persistently(follower, n) for n in range(10)))
            master.kill()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await book.append(asked(99))
            answered += await asyncio.gather(*(persistently(follower, n) for n in range(10, 20)))
            assert time.monotonic() - began < 60
            assert len(set(answered)) == 20
            there = follower.audience.questions.by_id
            assert {f"q{number}" for number in range(20)} <= there.keys()


async def persistently(follower: Follower, number: int) -> str:
    """Ask again until it is acknowledged, as a page does; return the id of what stands."""
    while True:
        try:
            outcome = await follower.write(asked(number))
        except StoreUnavailable:
            await asyncio.sleep(0.1)
            continue
        return outcome.item.id  # type: ignore[union-attr]
