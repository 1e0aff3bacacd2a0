"""What the player decides by itself, the pure part: when it comes back, what ICE is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

NOW = 1_800_000_000.0
SOURCE = """
export * from "./player/comeback"; export * from "./player/ice";
export * from "./player/media_time"; export * from "./player/path";
export * from "./player/steadiness";
"""

# When WebRTC is due again, in seconds after each of its failures.
WAITS = """([failures, random]) => {
  const comeback = new player.Comeback(() => random);
  let now = 1000;
  return failures.map(([status, retryAfter, shown]) => {
    comeback.failed(now, new player.PathFailed("", status, "", retryAfter), shown);
    let wait = 0;
    while (!comeback.due(now + wait)) wait += 0.25;
    now += wait;
    return wait;
  });
}"""

# Whether a picture stutters, after looks that found so many more pictures each.
STUTTERS = """(looks) => {
  const steadiness = new player.Steadiness();
  let pictures = 0;
  for (const more of looks) steadiness.look((pictures += more));
  return steadiness.stutters;
}"""

ANSWER = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:0
a=sendonly
a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host
a=end-of-candidates
a=ice-ufrag:old
a=ice-pwd:older
a=rtpmap:96 H264/90000
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:1
a=ice-ufrag:old
a=ice-pwd:older
""".replace("\n", "\r\n")

FRAGMENT = """a=group:BUNDLE 0 1
a=ice-options:ice2
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:0
a=ice-ufrag:new
a=ice-pwd:newer
a=candidate:7 1 udp 2130706431 192.0.2.2 8189 typ host
a=end-of-candidates
""".replace("\n", "\r\n")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with page_with(browser, SOURCE) as page:
        yield page


def waits(page: Page, *failures: tuple[int, float, float], random: float = 1.0) -> list[float]:
    """Each failure is an HTTP status, its Retry-After and the seconds of picture before it."""
    found: list[float] = page.evaluate(WAITS, [failures, random])
    return found


def test_nobody_comes_back_before_the_server_wants_it(page: Page) -> None:
    for random in (0.0, 0.5, 1.0):
        assert all(wait >= 30 for wait in waits(page, *[(503, 30.0, 0.0)] * 8, random=random))


def test_all_do_not_come_back_together(page: Page) -> None:
    full, frozen = (503, 30.0, 0.0), (0, 0.0, 0.0)
    assert waits(page, full, random=1.0)[0] - waits(page, full, random=0.0)[0] >= 15
    assert waits(page, frozen, random=1.0)[0] >= 2 * waits(page, frozen, random=0.0)[0]


def test_waits_grow_up_to_a_bound(page: Page) -> None:
    assert waits(page, *[(0, 0.0, 0.0)] * 7) == [5, 10, 20, 40, 80, 120, 120]
    assert waits(page, *[(406, 0.0, 0.0)] * 6) == [60, 120, 240, 480, 600, 600]
    assert max(waits(page, *[(503, 30.0, 0.0)] * 9)) == 150
    assert waits(page, (503, 1e9, 0.0), random=0.0) == [3600]


def test_a_picture_that_stayed_makes_up_for_earlier_failures(page: Page) -> None:
    frozen = (0, 0.0, 10.0)
    assert waits(page, frozen, frozen, frozen, (0, 0.0, 300.0))[-1] == 5


def test_another_network_is_tried_soon_but_a_refusal_stands(page: Page) -> None:
    hurried = """([status, retryAfter]) => {
      const comeback = new player.Comeback(() => 0.5);
      for (let times = 0; times < 4; times++)
        comeback.failed(0, new player.PathFailed("", status, "", retryAfter));
      comeback.hurry(1);
      return [2, 29, 51].map((now) => comeback.due(now));
    }"""
    assert page.evaluate(hurried, [0, 0]) == [True, True, True]
    assert page.evaluate(hurried, [406, 0]) == [False, False, False]
    assert page.evaluate(hurried, [503, 30]) == [False, False, True]


def test_picture_that_stands_still_every_other_second_stutters_and_a_slow_one_does_not(
    page: Page,
) -> None:
    def stutters(*looks: int) -> bool:
        found: bool = page.evaluate(STUTTERS, list(looks))
        return found

    assert not stutters(*[15] * 60)
    assert not stutters(*[2] * 60)  # a slate of four pictures a second
    assert stutters(*[30, 30, 0, 0] * 8)
    assert not stutters(*[15] * 30, *[0] * 4, *[15] * 10)  # once, for two seconds
    assert not stutters(*[15, 0] * 20, *[15] * 40)  # long ago


def test_ice_servers_are_read_from_links(page: Page) -> None:
    links = (
        '<stun:stun.example.net>; rel="ice-server", '
        '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="1800:a,b"; '
        'credential="s;e=c,r\\"e\\\\t"; credential-type="password", '
        '<https://example.net/sse>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; '
        'events="active,inactive", <javascript:alert(1)>; rel="ice-server"'
    )
    assert page.evaluate("links => player.iceServers(links)", links) == [
        {"urls": "stun:stun.example.net"},
        {
            "urls": "turn:turn.example.net?transport=udp",
            "username": "1800:a,b",
            "credential": 's;e=c,r"e\\t',
        },
    ]
    assert page.evaluate("player.iceServers(null)") == []


def test_fragment_says_what_a_new_ice_session_needs(page: Page) -> None:
    lines = page.evaluate("offer => player.fragmentOf(offer)", ANSWER).splitlines()
    assert lines == [
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:0",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
        "a=ice-ufrag:old",
        "a=ice-pwd:older",
    ]


def test_new_ice_session_takes_the_place_of_the_old_one(page: Page) -> None:
    made = page.evaluate("given => player.answerWith(...given)", [ANSWER, FRAGMENT])
    assert "old" not in made
    assert made.count("a=ice-ufrag:new\r\na=ice-pwd:newer\r\n") == 2
    assert made.count("192.0.2.1") == 0
    assert made.count("a=candidate:7 1 udp 2130706431 192.0.2.2 8189 typ host\r\n") == 1
    assert "a=rtpmap:96 H264/90000\r\n" in made


@pytest.mark.parametrize("off", [0.0, -30.0, 47_721.0, 1e6])
def test_the_time_on_screen_is_exact_across_the_wrap_of_rtp(page: Page, off: float) -> None:
    time = NOW + off + 0.04
    timestamp = round(time * 90_000) % 2**32
    read = page.evaluate("given => player.fromRtp(...given)", [timestamp, time + 3.0])
    assert read == pytest.approx(time, abs=1e-4)


@pytest.mark.parametrize("off", [0.0, -6.0, 3_600.0, 20_000.0, -20_000.0])
@pytest.mark.parametrize("rtp", [0, 2**31 - 1, 2**32 - 90_000])
def test_the_server_s_pair_gives_the_time_of_every_picture_near_it(
    page: Page, rtp: int, off: float
) -> None:
    feed: dict[str, Any] = {"rtp": rtp, "time": NOW, "rate": 90_000, "delay": 0}
    timestamp = (rtp + round(off * 90_000)) % 2**32
    read = page.evaluate("given => player.momentOf(...given)", [timestamp, feed])
    assert read == pytest.approx(NOW + off, abs=1e-4)
