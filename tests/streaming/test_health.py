"""A studio's figures come from its packets, and each thing to change is said in French."""

from collections.abc import Callable

import pytest

from streaming.health import Health
from streaming.packet import Packet
from tests.streaming import studios

START = 1_790_000_000.0


def send(
    health: Health,
    seconds: float,
    rate: int = 25,
    gop: float = 2.0,
    size_bytes: int = 20_000,
    reordered: bool = False,
    sound: bool = True,
    begin: float = START,
) -> float:
    """Let a studio send for `seconds`; return the time after."""
    config = studios.film(10, (1280, 720))[0].config
    now = begin
    for index in range(round(seconds * rate)):
        now = begin + index / rate
        key = index % round(gop * rate) == 0
        pts = now + (0.08 if reordered and not key else 0)
        health.picture(Packet(bytes(size_bytes), now, pts, key, config), now)
        if sound:
            health.sound(Packet(bytes(300), now, now, True), now)
    return now


def advice(send_: Callable[[Health], float], drift: float = 0.0) -> str:
    health = Health(START)
    return " ".join(health.advice(send_(health), drift))


def test_figures_are_those_of_the_stream() -> None:
    health = Health(START)
    now = send(health, 12)
    assert (health.width, health.height) == (1280, 720)
    assert health.frame_rate(now) == pytest.approx(25, abs=0.5)
    assert health.bitrate(now) == pytest.approx(20_300 * 25 * 8, rel=0.02)
    assert health.keyframe_interval == pytest.approx(2.0)
    assert health.next_key == pytest.approx(START + 12)
    assert not health.reorders
    assert health.stalls == 0
    assert health.advice(now) == []


def test_figures_of_the_first_second_are_not_inflated() -> None:
    health = Health(START)
    assert health.frame_rate(send(health, 0.4)) == pytest.approx(10, abs=1)


def test_long_gop_is_advised_before_it_ends() -> None:
    assert "Intervalle d’images clés" in advice(lambda health: send(health, 3.4, gop=10))
    assert "toutes les 10\u00a0s" in advice(lambda health: send(health, 21, gop=10))


def test_b_frames_are_advised() -> None:
    assert "Images B" in advice(lambda health: send(health, 6, reordered=True))


def test_slow_picture_is_advised() -> None:
    assert "10 images par seconde" in advice(lambda health: send(health, 12, rate=10))


def test_poor_and_rich_pictures_are_advised() -> None:
    assert "Débit faible (202\u00a0kbit/s)" in advice(
        lambda health: send(health, 12, size_bytes=710)
    )
    assert "Débit élevé (16,1\u00a0Mbit/s)" in advice(
        lambda health: send(health, 12, size_bytes=80_000)
    )


def test_missing_sound_and_picture_are_advised() -> None:
    assert "Aucun son" in advice(lambda health: send(health, 12, sound=False))
    assert "Aucune image" in advice(lambda health: START + 6)


def test_lateness_is_advised_and_earliness_is_not() -> None:
    assert "0,8\u00a0s de retard" in advice(lambda health: send(health, 12), drift=0.8)
    assert advice(lambda health: send(health, 12), drift=-0.8) == ""


def test_stall_ends_what_was_steady_and_is_told_for_a_while() -> None:
    health = Health(START)
    send(health, 4)
    assert health.steady_since == START
    now = send(health, 8, begin=START + 10)
    assert health.stalls == 1
    assert health.steady_since == START + 10
    assert "Image irrégulière" in health.advice(now)[0]
    now = send(health, 40, begin=START + 18)
    assert health.advice(now) == []


def test_slow_sources_are_given_time_between_their_pictures() -> None:
    health = Health(START)
    send(health, 20, rate=3)
    assert health.patience == pytest.approx(1.0)
    assert health.stalls == 0


def test_unreadable_configuration_costs_only_the_size() -> None:
    health = Health(START)
    health.picture(Packet(b"x", START, START, True, b"\x01nonsense"), START)
    assert (health.width, health.height) == (0, 0)
