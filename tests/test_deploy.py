"""What one copies to run it for real holds against the tools that read it, and against the code."""

import getpass
import json
import re
import subprocess
import tomllib
from pathlib import Path

import httpx
import pytest

import captions
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


# What is so for five minutes when an alert is due, one value each ten seconds.
STAGE = 'channel="plateau"'
TROUBLE = {
    "MediaAway": {"fabrique_media_up": "0x30"},
    "NobodyAnswers": {'up{job="fabrique"}': "0x30"},
    "SlateOnAir": {
        f'fabrique_channel_on_air{{{STAGE},fabrique_channel_on_air="slate"}}': "1x30",
        f'fabrique_ingest_up{{{STAGE},slot="primary"}}': "0x30",
        f'fabrique_ingest_up{{{STAGE},slot="backup"}}': "1x30",
    },
    "StudioAway": {f"fabrique_ingest_up{{{STAGE}}}": "0x30"},
    "Failovers": {f"fabrique_ingest_failovers_total{{{STAGE}}}": "0+1x30"},
    "MediaLate": {"fabrique_media_loop_late_seconds": "0.3x30"},
    "ViewersTurnedAway": {'fabrique_whep_refused_total{reason="too-many-viewers"}': "0+1x30"},
    "CaptionsInterrupted": {f"fabrique_caption_worker_up{{{STAGE}}}": "0x30"},
    "CaptionsSkip": {f"fabrique_caption_paused_seconds_total{{{STAGE}}}": "0+1x30"},
    "CaptionsNotKept": {f"fabrique_caption_dropped_cues_total{{{STAGE}}}": "0x25 1x5"},
    "RecordingPaused": {
        f'fabrique_recording_state{{{STAGE},fabrique_recording_state="paused"}}': "1x30"
    },
    "DiskSoonFull": {f"fabrique_recording_room_seconds{{{STAGE}}}": "7000x30"},
    "WebStandsStill": {'fabrique_web_loop_stalls_total{worker="7"}': "0+1x30"},
    "RestreamDown": {'fabrique_restream_up{restream="youtube"}': "0x30"},
}
# What is none: no alert is due.
CALM = (
    {'fabrique_restream_up{restream="youtube"}': "1x10 0x2 stale"},  # stopped by the crew
)


def test_each_alert_comes_when_it_is_so_and_no_other(tmp_path: Path) -> None:
    rules = DEPLOY / "prometheus/alerts.yml"
    written = re.findall(r"^ +- alert: (.+)$", rules.read_text(), re.MULTILINE)
    assert sorted(TROUBLE) == sorted(written)
    due = [(series, [alert]) for alert, series in TROUBLE.items()]
    due += [(series, []) for series in CALM]
    cases = [
        {
            "interval": "10s",
            "input_series": [{"series": name, "values": told} for name, told in series.items()],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": "5m",
                    "exp_samples": [
                        {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts
                    ],
                }
            ],
        }
        for series, alerts in due
    ]
    file = tmp_path / "cases.json"  # YAML has JSON in it
    file.write_text(json.dumps({"rule_files": [str(rules)], "tests": cases}))
    said = run("promtool", "test", "rules", file)
    assert "SUCCESS" in said, said


def test_what_builds_it_is_one_version_of_each_and_the_one_that_is_tested_with() -> None:
    house = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
    kept = dict(each.split("==") for each in house["tool"]["uv"]["build-constraint-dependencies"])
    wanted = {re.split("[<>=]", each)[0] for each in house["build-system"]["requires"]}
    assert wanted <= kept.keys()
    lock = tomllib.loads((DEPLOY.parent / "uv.lock").read_text())
    tested = {each["name"]: each.get("version") for each in lock["package"]}
    assert {name: tested.get(name, version) for name, version in kept.items()} == kept


def test_units_are_units_and_leave_little_to_an_intruder() -> None:
    said = run("systemd-analyze", "verify", "--man=no", UNIT).replace("\n", " ")
    assert re.fullmatch(r"(.* is not executable: No such file or directory )?", said)
    level = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT)
    exposure = re.search(r"exposure level for fabrique-tv.service: ([\d.]+)", level)
    assert exposure
    assert float(exposure[1]) < 2.0


def test_what_commands_in_a_container_read_and_write_is_on_the_host_and_in_no_image() -> None:
    said = (DEPLOY / "compose.yaml").read_text()
    (place,) = re.findall(r"working_dir: (\S+)", said)
    assert f'- "${{EXCHANGE:-./exchange}}:{place}"' in said  # written to, too
    assert "env_file: [{path: ./environment, required: false}]" in said
    for ignored in (".containerignore", ".gitignore"):
        lines = (DEPLOY.parent / ignored).read_text().splitlines()
        assert {"deploy/exchange", "deploy/environment"} <= {line.strip("/") for line in lines}


def test_containers_have_few_rights_and_limits() -> None:
    said = (DEPLOY / "compose.yaml").read_text()
    services = re.split(r"^  (?=\w+:$)", said.partition("\nvolumes:")[0], flags=re.MULTILINE)[1:]
    assert [each.partition(":")[0] for each in services] == ["tv", "nginx"]
    for service in services:
        for line in (
            "read_only: true",
            "cap_drop: [ALL]",
            'security_opt: ["no-new-privileges:true"]',
            "ulimits: {nofile: 65536}",
        ):
            assert f"\n    {line}" in service
        assert re.search(r"^    mem_limit: ", service, re.MULTILINE)
        assert re.search(r"^    pids_limit: \d+", service, re.MULTILINE)


def test_command_has_the_settings_that_the_service_has(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    script = (
        (DEPLOY / "fabrique-tv")
        .read_text()
        .replace("user=fabrique-tv", f"user={getpass.getuser()}")
        .replace("/etc/fabrique-tv/environment", str(environment))
        .replace("exec /opt/fabrique-tv/bin/fabrique-tv", "exec env")
    )
    settings = {"FABRIQUE_EVENT__NAME=La Fabrique", "FABRIQUE_X=$a&b c="}
    environment.write_text("\n".join(("# a word", "PATH=/nowhere", *settings)))
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert settings <= set(said.splitlines())


@pytest.mark.parametrize("file", [UNIT, DEPLOY / "Containerfile"], ids=lambda file: file.name)
def test_what_captions_load_is_told_to_contact_nobody(file: Path) -> None:
    said = " ".join(f"{name}={value}" for name, value in captions.SILENT.items())
    assert re.search(rf"^(Environment=|ENV ){said}$", file.read_text(), re.MULTILINE)
