"""A machine is examined before the show: what is well, what is not, and what to do."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Fabrique, free_ports
from tv.doctor import notices
from tv.folder import Folder
from tv.settings import load


def examine(data: Path, *options: str, **settings: str) -> tuple[int, str]:
    environment = {f"FABRIQUE_{name}": value for name, value in settings.items()}
    ran = subprocess.run(
        [sys.executable, "-m", "tv", "doctor", "--data", str(data), *options],
        capture_output=True,
        text=True,
        timeout=200,
        env={"PATH": "/usr/bin"} | environment,
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.mark.slow
def test_a_machine_is_examined_by_real_work(tmp_path: Path) -> None:
    http, rtmp = free_ports(2)
    ports = {"SERVER__PORT": str(http), "RTMP__PORT": str(rtmp), "SRT__ENABLED": "false"}
    _, told = examine(tmp_path / "data", "--json", **ports, WEBRTC__PORT=str(free_ports(1)[0]))
    found = {each["what"]: each for each in json.loads(told)["items"]}
    assert found["Ports"]["state"] == "good"
    assert found["Disque"]["state"] != "bad"
    assert "fois le direct" in found["Encodage"]["said"]
    assert "mots en 12 s de parole" in found["Sous-titres"]["said"]
    assert found["Sous-titres"]["state"] != "bad"
    assert "cœurs" in found["Place"]["said"]
    # What the law wants is not there by itself:
    assert "name, address, contact" in found["Mentions"]["said"]


def test_a_taken_port_is_said_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        where = {"SERVER__HOST": "127.0.0.1", "SERVER__PORT": str(port)}
        status, told = examine(tmp_path / "data", "--quick", **where)
    assert status == 1
    assert "✗ Ports" in told
    assert "--port" in told
    assert "n’est pas prête" in told


@pytest.mark.slow
def test_our_own_server_is_no_trouble_and_is_left_its_processor(served: Fabrique) -> None:
    settings = {
        name.removeprefix("FABRIQUE_"): said
        for name, said in served.environment.items()
        if name.startswith("FABRIQUE_")
    }
    _, told = examine(served.folder.path, "--json", **settings)
    found = {each["what"]: each for each in json.loads(told)["items"]}
    for what in ("Ports", "UDP", "Essais"):
        assert found[what]["state"] == "good"
        assert "tourne" in found[what]["said"]
    assert "Encodage" not in found
    assert "Sous-titres" not in found


def test_settings_that_are_still_the_model_are_noticed() -> None:
    model = Path(__file__).parents[3] / "deploy/settings.toml"
    finding = notices.organiser(load(model, {}))
    assert finding.state == "poor"
    assert "name, address, contact, ou c’est encore le modèle" in finding.said


def test_an_unused_folder_is_free(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    assert not folder.in_use
    with folder.locked():
        assert folder.in_use
    assert not folder.in_use


def test_server_for_this_machine_alone_needs_no_public_address() -> None:
    finding = notices.address(load(environment={"FABRIQUE_SERVER__HOST": "127.0.0.1"}))
    assert finding.state == "poor"


@pytest.mark.parametrize(
    ("url", "state", "said"),
    [
        ("", "bad", "public_url"),
        ("http://tv.example.org", "poor", "chiffrée"),
        ("https://127.0.0.1:1", "poor", "ne répond pas"),
    ],
)
def test_what_viewers_reach_us_by_is_looked_at(url: str, state: str, said: str) -> None:
    environment = {"FABRIQUE_SERVER__PUBLIC_URL": url} if url else {}
    finding = notices.address(load(environment=environment))
    assert finding.state == state
    assert said in finding.said
    assert finding.mend
