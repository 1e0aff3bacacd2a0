"""`fabrique-tv models`: what there is for this machine, and whether it works."""

import json
import subprocess
import sys
from pathlib import Path

from captions.models.machine import Gpu, Machine
from tests.captions.model_folders import nano
from tests.captions.speech import model_cache, whisper
from tv.captioning import models_command

GB = 10**9


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    started = [sys.executable, "-m", "tv", "models", *map(str, arguments)]
    return subprocess.run(started, capture_output=True, text=True, timeout=120)


def test_list_says_what_is_used_there_and_suited(tmp_path: Path) -> None:
    def states(model: str, here: Machine) -> dict[str, tuple[str, bool]]:
        rows = models_command.listed(model, tmp_path, here, 1)
        return {row.name: (row.state, row.suited) for row in rows}

    nano(tmp_path / "whisper-small")
    found = states("auto", Machine(2, 8 * GB))
    assert found["base"] == ("used", True)
    assert found["small"] == ("there", False)
    assert found["large-v3"] == ("absent", False)
    assert states("auto", Machine(8, 8 * GB))["small"] == ("used", True)
    assert states("small", Machine(2, 8 * GB))["small"] == ("used", False)
    card = Gpu(8 * GB, frozenset({"float16"}))
    assert states("turbo", Machine(2, 8 * GB, card))["large-v3-turbo"] == ("absent", True)


def test_list_is_for_people_and_for_programs(tmp_path: Path) -> None:
    shown = run("list", "--data", tmp_path)
    assert shown.returncode == 0
    assert "Cette machine" in shown.stdout
    assert any(line.startswith("base ") and "utilisé" in line for line in shown.stdout.splitlines())
    listed = json.loads(run("list", "--data", tmp_path, "--json").stdout)
    assert listed["model"] == "auto"
    assert {"name", "megabytes", "memory_mb", "state", "suited"} == listed["items"][0].keys()


def test_check_tells_a_model_that_works_from_one_that_does_not(tmp_path: Path) -> None:
    whisper()  # joins the weights
    (tmp_path / "cache").symlink_to(model_cache())
    works = run("check", "--data", tmp_path)
    assert works.returncode == 0, works.stderr
    assert "73 millions de paramètres, somme de contrôle juste" in works.stdout
    broken = nano(tmp_path / "broken")
    (broken / "model.bin").write_bytes((broken / "model.bin").read_bytes()[:-1])
    refused = run("check", broken, "--data", tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "incomplet" in refused.stderr


def test_check_downloads_nothing(tmp_path: Path) -> None:
    assert models_command.check("small", tmp_path, 1) == 1
    assert list(tmp_path.iterdir()) == []


def test_fetch_says_where_the_model_is(tmp_path: Path) -> None:
    done = run("fetch", "base", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path / "cache"
    assert "100 %" in done.stderr
