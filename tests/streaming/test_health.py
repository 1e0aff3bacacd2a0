"""A studio's figures come from its packets, and each thing to change is said in French."""

import re
from typing import Any

import pytest

from streaming.health import Health, profile_name
from streaming.link import Observed, SourceState
from streaming.packet import Packet
from streaming.sps import SpsInfo
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


def observed(
    loudness: float | None = None, movement: float | None = None, width: int = 0, height: int = 0
) -> Observed:
    return Observed(
        "plateau", "primary", loudness, None, None, None, movement, width=width, height=height
    )


def state(health: Health, now: float, **figures: Any) -> SourceState:
    """What its source says of it besides."""
    return SourceState(
        "primary",
        "rtmp",
        connected=True,
        on_air=True,
        **{
            "frame_rate": health.frame_rate(now),
            "bitrate": health.bitrate(now),
            **figures,
        },
    )


def told(health: Health, now: float, **figures: Any) -> str:
    """The advice after it has been asked for all the while."""
    for ago in range(30, 0, -1):
        health.advice(now - ago / 2, state(health, now, **figures))
    return " ".join(health.advice(now, state(health, now, **figures)))


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
    assert (health.video, health.audio, health.profile) == (
        "h264",
        "aac",
        "Constrained Baseline 3.1",
    )
    assert (health.frames, health.received) == (300, 300 * 20_300)
    assert told(health, now) == ""


def test_figures_of_the_first_second_are_not_inflated() -> None:
    health = Health(START)
    assert health.frame_rate(send(health, 0.4)) == pytest.approx(10, abs=1)


def test_long_gop_is_advised_before_it_ends() -> None:
    health = Health(START)
    assert "Intervalle d’images clés" in told(health, send(health, 3.4, gop=10))
    health = Health(START)
    assert "toutes les 10\u00a0s" in told(health, send(health, 21, gop=10))


def test_b_frames_are_advised() -> None:
    health = Health(START)
    assert "Images B" in told(health, send(health, 6, reordered=True))


def test_missing_sound_and_picture_are_advised() -> None:
    health = Health(START)
    assert "Aucun son" in told(health, send(health, 12, sound=False))
    assert "Aucune image" in told(Health(START), START + 20)


def test_loudness_is_averaged_without_the_pauses() -> None:
    health = Health(START)
    now = send(health, 60)
    assert health.level(now) is None
    for second in range(60):
        loudness = (-8.0, -60.0, None)[second % 3]
        health.observe(observed(loudness=loudness), now - 60 + second)
    assert health.level(now) == pytest.approx(-8.0)
    assert "trop fort (−8\u00a0LUFS)" in told(health, now)
    assert health.level(now + 30) is None


def test_loss_is_a_share_of_what_was_sent_of_late() -> None:
    health = Health(START)
    now = send(health, 30)  # some 423 packets of 1200 bytes a second
    for second in range(31):
        health.transport(100 + 22 * second, START + second)
    assert health.loss(now) == pytest.approx(0.05, rel=0.15)
    assert re.search("perd (4,[5-9]|5)\u202f% des paquets", told(health, now))
    health.transport(3, now + 1)  # another connection
    assert health.loss(now + 1) == 0


def test_low_bitrate_is_only_told_of_what_is_known_to_move() -> None:
    health = Health(START)
    now = send(health, 30, size_bytes=710)
    assert told(health, now) == ""
    health.observe(observed(movement=1.0), now - 1)
    assert told(health, now) == ""
    health.observe(observed(movement=20.0), now)
    assert "Débit faible (202\u00a0kbit/s)" in told(health, now)


def test_size_of_other_codecs_is_what_watch_sees() -> None:
    health = Health(START)
    health.picture(Packet(b"x", START, START, True, b"hvcC"), START, "hevc")
    health.observe(observed(width=1920, height=1080), START + 1)
    assert (health.video, health.profile) == ("hevc", "")
    assert (health.width, health.height) == (1920, 1080)


@pytest.mark.parametrize(
    ("profile", "constraints", "level", "name"),
    [
        (66, 0x40, 31, "Constrained Baseline 3.1"),
        (66, 0, 40, "Baseline 4.0"),
        (77, 0x10, 11, "Main 1b"),
        (100, 0, 42, "High 4.2"),
        (110, 0, 51, "High 10 5.1"),
        (9, 0, 30, "profil 9 3.0"),
    ],
)
def test_profiles_are_named_as_encoders_name_them(
    profile: int, constraints: int, level: int, name: str
) -> None:
    info = SpsInfo(profile, constraints, level, 1280, 720, 1, 8, False, 0)
    assert profile_name(info) == name


def test_stall_ends_what_was_steady_and_is_told_for_a_while() -> None:
    health = Health(START)
    send(health, 4)
    assert health.steady_since == START
    now = send(health, 8, begin=START + 10)
    assert health.stalls == 1
    assert health.steady_since == START + 10
    assert "Image irrégulière" in told(health, now)
    now = send(health, 50, begin=START + 18)
    assert told(health, now) == ""


def test_slow_sources_are_given_time_between_their_pictures() -> None:
    health = Health(START)
    send(health, 20, rate=3)
    assert health.patience == pytest.approx(1.0)
    assert health.stalls == 0


def test_unreadable_configuration_costs_only_the_size() -> None:
    health = Health(START)
    health.picture(Packet(b"x", START, START, True, b"\x01nonsense"), START)
    assert (health.width, health.height) == (0, 0)
