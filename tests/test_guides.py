"""What the guides tell one to type can be typed."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from tv.cli import app
from tv.settings import load

HOUSE = Path(__file__).parents[1]
GUIDES = sorted(HOUSE.glob("guides/*.md"))
TEXTS = [*HOUSE.glob("*.md"), *GUIDES, *sorted(HOUSE.glob("decisions/*.md"))]
TYPED = re.compile(r"^ {4,}(fabrique-tv .+)$", re.MULTILINE)
INLINE = re.compile(r"`(fabrique-tv [^`]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FOLDERS = "streaming|captions|engagement|tv|tests|benchmarks|deploy|guides"
FILE = re.compile(rf"`((?:{FOLDERS})/[\w./-]+)`")
MODULE = re.compile(r"python -m (benchmarks\.\w+)")


def commands() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in GUIDES]
    return [each for text in texts for each in (*TYPED.findall(text), *INLINE.findall(text))]


@pytest.mark.parametrize("typed", dict.fromkeys(commands()))
def test_each_command_of_the_guides_is_one(typed: str) -> None:
    words = shlex.split(typed)[1:]
    command = get_command(app)
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), typed  # a command, not a group of them
    context = command.make_context(command.name, words, resilient_parsing=False)
    assert context.params


def test_the_settings_that_are_installed_are_settings() -> None:
    settings = load(GUIDES[0].parents[1] / "deploy/settings.toml", {})
    assert settings.event.slug == "proximite-2026"
    assert "chercher" in settings.labs


def test_a_command_that_is_none_would_be_noticed() -> None:
    with pytest.raises(Exception, match="nonsense"):
        get_command(app).commands["export"].make_context("export", ["x", "--nonsense"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_what_a_text_points_at_is_there(text: Path) -> None:
    said = text.read_text(encoding="utf-8")
    named = [text.parent / each for each in LINK.findall(said)]
    named += [HOUSE / each for each in FILE.findall(said)]
    named += [HOUSE / f"{each.replace('.', '/')}.py" for each in MODULE.findall(said)]
    missing = [each for each in named if not each.exists() and "tv/static" not in str(each)]
    assert not missing
