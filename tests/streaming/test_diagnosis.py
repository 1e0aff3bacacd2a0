"""Each thing that ails a studio has its sentence in French; what is only cheap has none."""

from dataclasses import replace
from typing import Any

import pytest

from streaming.diagnosis import TOPICS, Signs, symptoms

AILMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "no picture": ({"picture_age": 9.0}, "vérifiez l’encodeur et le câble"),
    "black": ({"black": 4.0}, "L’image est noire"),
    "no sound": ({"sound_age": 9.0, "silent": 9.0}, "Aucun son"),
    "irregular": ({"stalled": True}, "Image irrégulière"),
    "loss": ({"loss": 0.034}, "perd 3,4\u202f% des paquets"),
    "late": ({"drift": 0.8}, "0,8\u00a0s de retard"),
    "keyframes": (
        {"keyframe_interval": 8.0},
        "Votre encodeur envoie une image clé toutes les 8\u00a0s\u00a0: réglez-la à 2\u00a0s.",
    ),
    "overloaded": (
        {"frame_rate": 18.0, "announced_rate": 30.0},
        "18 images/s au lieu des 30 annoncées\u00a0: l’encodeur est surchargé.",
    ),
    "silent": ({"silent": 12.0, "level": -60.0}, "Le son est muet"),
    "loud": ({"level": -7.6}, "trop fort (−8\u00a0LUFS)\u00a0: baissez-le d’environ 8\u00a0dB"),
    "low": ({"level": -41.0}, "trop faible (−41\u00a0LUFS)\u00a0: montez le micro d’environ 21"),
    "frozen": ({"frozen": 30.0}, "normal pour une diapositive"),
    "b-frames": ({"reorders": True}, "bframes=0"),
    "slow": ({"frame_rate": 10.0}, "10 images par seconde"),
    "poor": ({"bitrate": 300_000.0, "movement": 9.0}, "Débit faible (300\u00a0kbit/s)"),
    "rich": ({"bitrate": 16_100_000.0}, "Débit élevé (16,1\u00a0Mbit/s)"),
}


def test_healthy_studio_is_told_nothing() -> None:
    assert symptoms(Signs()) == {}
    assert symptoms(Signs(level=-23.0, announced_rate=25.0, movement=3.0, drift=-0.8)) == {}


@pytest.mark.parametrize("topic", TOPICS)
def test_each_ailment_has_its_sentence_alone(topic: str) -> None:
    signs, words = AILMENTS[topic]
    found = symptoms(replace(Signs(), **signs))
    assert list(found) == [topic]
    assert words in found[topic]
    for sentence in found.values():  # as French is set
        assert not any(f" {mark}" in sentence for mark in ":;?!»")
        assert "« " not in sentence


@pytest.mark.parametrize(
    "signs",
    [
        {"bitrate": 200_000.0},  # nobody watches: nothing is known of what moves
        {"bitrate": 200_000.0, "movement": 0.1},  # a slide
        {"bitrate": 200_000.0, "movement": 9.0, "width": 640, "height": 360},
        {"frozen": 15.0},  # a slide that is being explained
        {"silent": 5.0},  # a speaker who thinks
        {"frame_rate": 24.0, "announced_rate": 25.0},
        {"age": 1.0, "picture_age": 9.0, "sound_age": 9.0},  # it begins
        {"reorders": True, "encoded": True},  # viewers see what the ladder makes of it
    ],
)
def test_what_is_cheap_or_legitimate_is_no_fault(signs: dict[str, Any]) -> None:
    assert symptoms(replace(Signs(), **signs)) == {}


def test_files_are_not_told_how_to_set_an_encoder() -> None:
    file = Signs(
        kind="pull", bitrate=16e6, frame_rate=12.0, announced_rate=25.0, keyframe_interval=8.0,
        reorders=True, stalled=True,
    )  # fmt: skip
    assert not any("OBS" in sentence for sentence in symptoms(file).values())
    assert "rich" not in symptoms(file)
    assert "overloaded" not in symptoms(file)


def test_network_is_not_blamed_on_the_encoder() -> None:
    found = symptoms(Signs(stalled=True, frame_rate=11.0, announced_rate=30.0))
    assert list(found) == ["irregular"]
