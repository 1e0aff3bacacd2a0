"""Tags of networks, and the addresses that proxies tell."""

import pytest

from tv.networks import Networks
from tv.proxies import Clients


def test_devices_of_one_network_have_one_tag() -> None:
    tag = Networks(b"secret").tag
    assert tag("2001:db8:1:2::3") == tag("2001:db8:1:ff:4::5%eth0")
    assert tag("::ffff:198.51.100.7") == tag("198.51.100.7")


def test_tags_of_other_networks_and_installations_differ() -> None:
    tag = Networks(b"secret").tag
    hosts = [f"198.51.{high}.{low}" for high in range(4) for low in range(16)]
    assert len({tag(host) for host in hosts}) > 55  # 4,096 tags: two of 64 may share one
    other = Networks(b"another secret").tag
    assert [tag(host) for host in hosts] != [other(host) for host in hosts]


def test_tag_is_too_short_to_tell_an_address() -> None:
    assert len(Networks(b"secret").tag("198.51.100.7")) == 3


@pytest.mark.parametrize("host", ["", "unix", "198.51.100", "1.2.3.4:80"])
def test_what_is_no_address_has_no_tag(host: str) -> None:
    assert Networks(b"secret").tag(host) == ""


def test_client_is_what_a_proxy_says_and_what_a_stranger_is() -> None:
    clients = Clients(["192.0.2.0/24"])
    assert clients.address("127.0.0.1", "198.51.100.7") == "198.51.100.7"
    assert clients.address("127.0.0.1", "203.0.113.1, 198.51.100.7, 192.0.2.9") == "198.51.100.7"
    assert clients.address("198.51.100.8", "203.0.113.1") == "198.51.100.8"
    assert clients.address("127.0.0.1", "") == "127.0.0.1"
