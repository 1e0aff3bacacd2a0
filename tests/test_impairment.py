"""Bad networks are as bad as they are said to be."""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.impairment import CLEAR, Address, Network, Way, Weather, bad_network, hidden
from tests.waiting import when

CANDIDATES = (
    "a=candidate:1 1 udp 1 192.0.2.7 {0} typ host\r\na=candidate:2 1 udp 1 ::1 {0} typ host"
)


def answer(port: int) -> str:
    section = f"m=video 9 X 96\r\n{CANDIDATES.format(port)}\r\na=end-of-candidates\r\n"
    return "v=0\r\n" + section + section


def journey(
    weather: Weather, count: int, *, seed: int = 7, interval: float = 0.001
) -> list[list[float]]:
    """When each of so many datagrams of 1,000 bytes arrives."""
    way = Way(weather, seed)
    return [way.send(1000, index * interval) for index in range(count)]


def runs(arrivals: list[list[float]]) -> list[int]:
    """How many are lost in a row, each time."""
    groups = itertools.groupby(arrivals, key=bool)
    return [len(list(group)) for arrived, group in groups if not arrived]


def test_clear_weather_changes_nothing() -> None:
    assert journey(CLEAR, 50) == [[index * 0.001] for index in range(50)]


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 1.0])
@pytest.mark.parametrize("burst", [1.0, 10.0])
def test_as_much_is_lost_as_is_said(loss: float, burst: float) -> None:
    arrivals = journey(Weather(loss=loss, burst=burst), 60_000)
    assert arrivals.count([]) / len(arrivals) == pytest.approx(loss, rel=0.2)


def test_bursts_are_as_long_as_is_said() -> None:
    lost = runs(journey(Weather(loss=0.05, burst=12), 60_000))
    assert sum(lost) / len(lost) == pytest.approx(12, rel=0.2)


def test_the_same_seed_has_the_same_fate() -> None:
    weather = Weather(loss=0.1, burst=3, duplicate=0.1, reorder=0.1, jitter=0.1, scatter=0.01)
    assert journey(weather, 500) == journey(weather, 500)
    assert journey(weather, 500) != journey(weather, 500, seed=8)


def test_some_arrive_twice_and_some_are_overtaken() -> None:
    arrivals = journey(Weather(duplicate=0.2, reorder=0.1, behind=0.02), 5000)
    twice = [each for each in arrivals if len(each) == 2]
    assert len(twice) == pytest.approx(1000, rel=0.2)
    late = [each for index, each in enumerate(arrivals) if each[0] > index * 0.001 + 0.0199]
    assert len(late) == pytest.approx(500, rel=0.2)


@given(
    st.floats(0, 0.5),
    st.floats(0, 0.5),
    st.sampled_from([float("inf"), 1e6, 1e7]),
    st.integers(0, 1000),
)
def test_delay_and_jitter_keep_the_order(
    delay: float, jitter: float, rate: float, seed: int
) -> None:
    weather = Weather(delay=delay, jitter=jitter, rate=rate)
    times = [at for each in journey(weather, 300, seed=seed) for at in each]
    assert times == sorted(times)
    longest = delay + jitter + weather.queue * 8 / rate
    for index, each in enumerate(journey(weather, 300, seed=seed)):
        assert all(delay - 1e-6 <= at - index * 0.001 <= longest + 1e-6 for at in each)


def test_scattered_datagrams_pass_one_another() -> None:
    times = [at for each in journey(Weather(scatter=0.1), 300) for at in each]
    assert times != sorted(times)


def test_a_narrow_way_has_its_rate_and_its_queue() -> None:
    # 8 Mbps are offered to 2 Mbps, with room for 20 datagrams.
    arrivals = journey(Weather(rate=2e6, queue=20_000), 4000)
    times = [at for each in arrivals for at in each]
    assert len(times) * 8000 / times[-1] == pytest.approx(2e6, rel=0.05)
    delays = [each[0] - index * 0.001 for index, each in enumerate(arrivals) if each]
    assert max(delays) <= 0.08 + 1e-9


class _Echo(asyncio.DatagramProtocol):
    """Sends back what it gets, and whom it came from."""

    def __init__(self) -> None:
        self.clients: set[Address] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Address) -> None:
        self.clients.add(address)
        self._transport.sendto(data, address)


class _Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.from_: set[Address] = set()

    def datagram_received(self, data: bytes, address: Address) -> None:
        self.from_.add(address)
        self.heard.put_nowait(data)


@asynccontextmanager
async def client(network: Network) -> AsyncIterator[tuple[asyncio.DatagramTransport, _Client]]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _Client, remote_addr=network.address
    )
    try:
        yield transport, protocol
    finally:
        transport.close()


@asynccontextmanager
async def echo(network: Network) -> AsyncIterator[_Echo]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _Echo, local_addr=("127.0.0.1", 0)
    )
    network.lead(answer(transport.get_extra_info("sockname")[1]))
    try:
        yield protocol
    finally:
        transport.close()


async def test_each_client_has_an_address_of_its_own_and_hears_the_networks() -> None:
    with bad_network() as network:
        async with echo(network) as server, client(network) as one, client(network) as two:
            async with asyncio.timeout(10):
                for index, (transport, _) in enumerate((one, two)):
                    transport.sendto(b"%d" % index)
                assert await one[1].heard.get() == b"0"
                assert await two[1].heard.get() == b"1"
            assert len(server.clients) == 2
            assert one[1].from_ == two[1].from_ == {network.address}


async def test_the_weather_changes_while_it_runs() -> None:
    with bad_network(up=Weather(loss=1)) as network:
        async with echo(network) as server, client(network) as (transport, mine):
            async with asyncio.timeout(10):
                transport.sendto(b"lost")
                await when(lambda: network.up.lost)
                network.up.weather = CLEAR
                network.down.weather = Weather(duplicate=1, delay=0.05)
                began = asyncio.get_running_loop().time()
                transport.sendto(b"late, twice")
                assert await mine.heard.get() == await mine.heard.get() == b"late, twice"
                assert asyncio.get_running_loop().time() - began >= 0.05
            assert len(server.clients) == 1


async def test_what_is_held_back_comes_when_it_is_due() -> None:
    order = list(range(200))
    random.Random(1).shuffle(order)
    with bad_network(down=Weather(reorder=0.3, behind=0.05)) as network:
        async with echo(network), client(network) as (transport, mine):
            for number in order:
                transport.sendto(b"%d" % number)
            async with asyncio.timeout(10):
                came = [int(await mine.heard.get()) for _ in order]
    assert came != order
    assert sorted(came) == sorted(order)


async def test_nobody_listens_and_nothing_breaks() -> None:
    with bad_network() as network:
        async with client(network) as (transport, mine):
            async with asyncio.timeout(10):
                transport.sendto(b"before anybody is led here")
                await when(lambda: network.crowded)
            network.lead(answer(9))  # a port that answers by ICMP, or not at all
            transport.sendto(b"into the void")
            async with echo_elsewhere() as port:
                with pytest.raises(AssertionError, match="one port"):
                    network.lead(answer(port))
            assert mine.heard.empty()


@asynccontextmanager
async def echo_elsewhere() -> AsyncIterator[int]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        _Echo, local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def test_an_answer_leads_to_the_network_and_an_offer_hides_its_addresses() -> None:
    with bad_network() as network:
        led = network.lead(answer(5000))
    found = re.findall(r"(?m)^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", led)
    assert found == [("127.0.0.1", str(network.address[1]))] * 2
    assert led.count("a=end-of-candidates") == 2
    assert "candidate:" not in hidden(answer(5000))
