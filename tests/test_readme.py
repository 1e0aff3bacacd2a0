"""README's tables say what there is: every setting with its default, every command, every part."""

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from tv.cli import app
from tv.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
NAMED = {"ice_servers": "NAME", "channels": "SLUG", "restreams": "NAME", "webhooks": "NAME"}
NAMED |= {"labs": "NAME"}


def settings(kind: type, section: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each section, key and default."""
    for field in msgspec.structs.fields(kind):
        inside = [
            each
            for each in (field.type, *typing.get_args(field.type))
            if isinstance(each, type) and issubclass(each, msgspec.Struct)
        ]
        here = f"{section}.{field.name}".strip(".")
        if not inside:
            yield section, field.name, field.default
        elif typing.get_origin(field.type) is dict:
            yield from settings(inside[0], f"{here}.{NAMED[field.name]}")
        else:
            yield from settings(inside[0], here)


def documented() -> dict[str, str]:
    """What is said of each section."""
    rows = re.findall(r"^\| (`\[.*?) \| (.*) \|$", README, re.MULTILINE)
    return {name: said for names, said in rows for name in re.findall(r"`\[([\w.]+)\]`", names)}


@pytest.mark.parametrize("section", dict.fromkeys(section for section, _, _ in settings(Settings)))
def test_settings_are_documented_with_their_defaults(section: str) -> None:
    said = documented()[section]
    for _, key, default in (each for each in settings(Settings) if each[0] == section):
        assert f"`{key}`" in said
        shown = re.search(rf'`{key}` \((\[.*?\]|".*?"|true|false|-?[\d.]+)', said)
        if shown is not None:
            default = list(default) if isinstance(default, tuple) else default
            assert msgspec.json.decode(shown[1].rstrip(".")) == default, key


def test_no_section_is_documented_that_is_none() -> None:
    assert documented().keys() == {section for section, _, _ in settings(Settings)}


def test_commands_are_documented() -> None:
    rows = re.findall(r"^\| (`[a-z].*?) \|", README.partition("## Commands")[2], re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)", row)}
    assert told >= get_command(app).commands.keys()  # type: ignore[attr-defined]


def test_options_that_most_commands_have_are_said_with_those_that_have_them_not() -> None:
    said = " ".join(README.partition("## Commands")[2].split())
    for option in ("--config", "--data"):
        but = re.search(
            rf"all but ((?:`[a-z-]+`(?:, | and )?)+) take `{option}", said, re.IGNORECASE
        )
        assert but, option
        assert set(re.findall(r"`([a-z-]+)`", but[1])) == set(without(option, get_command(app)))


def without(option: str, group: Any) -> Iterator[str]:
    """The commands of a group, and of the groups in it, that do not take an option."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from without(option, command)
        elif all(option not in parameter.opts for parameter in command.params):
            yield name
