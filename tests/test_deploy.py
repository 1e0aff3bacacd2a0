"""What one copies to run it for real holds against the tools that read it, and against the code."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.servers import Fabrique

DEPLOY = Path(__file__).parents[1] / "deploy"
UNIT = DEPLOY / "systemd/fabrique-tv.service"
NAME = re.compile(r"\bfabrique_[a-z_]+\b(?=[\s{\[)]|$)")


def run(*command: str | Path) -> str:
    """What a tool says of a file."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return ran.stdout + ran.stderr


def expressions() -> list[str]:
    board = json.loads((DEPLOY / "grafana/fabrique-tv.json").read_text())
    asked = [t["expr"] for panel in board["panels"] for t in panel.get("targets", ())]
    rules = (DEPLOY / "prometheus/alerts.yml").read_text()
    return asked + re.findall(r"^ +expr: (.+)$", rules, re.MULTILINE)


@pytest.mark.slow
def test_every_figure_that_boards_and_alerts_ask_for_is_one_that_is_told(served: Fabrique) -> None:
    told = set(re.findall(r"^# TYPE (\S+) ", httpx.get(f"{served.url}/metrics").text, re.MULTILINE))
    asked = {name for each in expressions() for name in NAME.findall(each)}
    assert len(asked) > 15
    assert asked <= told


def test_alert_rules_are_rules() -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", DEPLOY / "prometheus/alerts.yml")


def test_units_are_units_and_leave_little_to_an_intruder() -> None:
    said = run("systemd-analyze", "verify", "--man=no", UNIT).replace("\n", " ")
    assert re.fullmatch(r"(.* is not executable: No such file or directory )?", said)
    level = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT)
    exposure = re.search(r"exposure level for fabrique-tv.service: ([\d.]+)", level)
    assert exposure
    assert float(exposure[1]) < 2.0
