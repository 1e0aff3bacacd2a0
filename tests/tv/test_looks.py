"""The colours of pages: whatever is to be read or recognised can be, by night and by day.

Contrast is WCAG 2.2's: 4.5 for text (1.4.3), 3 for what is recognised without reading (1.4.11).
"""

import re
from pathlib import Path

import pytest

from tv.demo.labs import LABS

WEB = Path(__file__).parents[2] / "tv" / "web"
Rgb = tuple[float, float, float]


def colours(look: str) -> dict[str, str]:
    text = (WEB / "styles" / "tokens.css").read_text(encoding="utf-8")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{4,8});", text))
    if look == "day":
        day = (WEB / "light.css").read_text(encoding="utf-8")
        other = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{4,8});", day))
        assert not other.keys() - found.keys()
        found |= other
    return found


def rgb(colour: str, ground: str = "#000000") -> Rgb:
    """What is seen of a colour, with the share that it lets through of the one under it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in range(1, len(colour), 2)]
    share = channels[3] if len(channels) > 3 else 1.0
    under = [int(ground[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        share * over + (1 - share) * below for over, below in zip(channels, under, strict=False)
    )
    return red, green, blue


def luminance(colour: Rgb) -> float:
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: Rgb, other: Rgb) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT = (
    *((ink, f"stage-{n}", "") for ink in ("ink", "ink-2", "ink-3") for n in range(4)),
    *(("light-ink", f"stage-{n}", "") for n in range(4)),
    *(("light-ink", f"stage-{n}", "light-soft") for n in (1, 2)),
    *((sign, f"stage-{n}", "") for sign in ("good", "warn", "bad", "tally-ink") for n in (1, 2)),
    *((sign, f"stage-{n}", f"{sign}-soft") for sign in ("warn", "bad") for n in (1, 2)),
    *(("tally-ink", f"stage-{n}", "tally-soft") for n in (1, 2)),
    ("on-light", "light", ""),
    ("on-light", "light-over", ""),
    ("on-bad", "bad", ""),
    ("stage-1", "ink", ""),
)
SIGNS = (
    *(("line-strong", f"stage-{n}", "") for n in (0, 1, 2)),
    *(("light-ink", f"stage-{n}", "") for n in range(4)),
    *(("tally", f"stage-{n}", "") for n in (1, 2)),
)


@pytest.mark.parametrize("look", ["night", "day"])
def test_what_is_read_and_what_is_recognised_stand_out_from_their_ground(look: str) -> None:
    named = colours(look)
    weak = []
    for pairs, least in ((TEXT, 4.5), (SIGNS, 3.0)):
        for over, ground, between in pairs:
            seen = rgb(named[ground])
            if between:
                seen = rgb(named[between], named[ground])
            found = contrast(rgb(named[over]), seen)
            if found < least:
                weak.append(f"{over} on {ground} {between}: {found:.2f} < {least}")
    assert weak == []


@pytest.mark.parametrize("look", ["night", "day"])
def test_the_six_laboratories_are_told_apart_by_pictogram_and_recognised_by_colour(
    look: str,
) -> None:
    named = colours(look)
    assert len({lab.pictogram for lab in LABS.values()}) == len(LABS) == 6
    for lab in LABS.values():
        for ground in ("stage-1", "stage-2"):
            found = contrast(rgb(lab.colour), rgb(named[ground]))
            assert found >= 3.0, f"{lab.name} on {ground}: {found:.2f}"
