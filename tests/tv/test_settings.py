"""Settings: typed, overridable, and clear about what is wrong."""

from pathlib import Path

import pytest

from tv.settings import SettingsError, load


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(
        "[server]\nport = 9000\n[rtmp]\nport = 1936\n[channels.labo-1]\nname = 'Labo 1'\n"
    )
    settings = load(file, {"FABRIQUE_RTMP__PORT": "2000", "HOME": "/"})
    assert (settings.server.port, settings.rtmp.port) == (9000, 2000)
    assert settings.channels["labo-1"].name == "Labo 1"


def test_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://:secret@127.0.0.1/0\n")
    settings = load(None, {"FABRIQUE_STORE__URL_FILE": str(secret)})
    assert settings.store.url == "redis://:secret@127.0.0.1/0"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[rtmp]\nprot = 1\n", "prot"),
        ("[rtmp]\nport = 'x'\n", "rtmp.port"),
        ("[rtmp]\nport = 99999\n", "65535"),
        ("rtmp = 3\n", "rtmp"),
        ("[rtmp\n", "mal formé"),
        ("[channels.regie]\nname = 'x'\n", "regie"),
        ("[captions]\nchannels = ['labo-9']\n", "labo-9"),
        ("[hls]\npart = 0.5\nsegment = 6\n", "hls"),
    ],
)
def test_bad_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=named):
        load(file, {})


def test_unknown_override_is_named() -> None:
    with pytest.raises(SettingsError, match="potr"):
        load(None, {"FABRIQUE_RTMP__POTR": "1"})


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="illisible"):
        load(tmp_path / "none.toml", {})
