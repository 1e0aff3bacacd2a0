"""The report of a soak: one HTML page that needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BELOW = 900, 150, 60, 20  # pixels of a chart, and of its margins
GROWING = ("MB", "descriptors", "threads", "tasks")

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { display: block; margin: .2rem 0 1.2rem; }
.held { color: #0a5c2b; } .failed { color: #a3140b; }
"""


def page(found: dict[str, Any]) -> str:
    """`found` is what benchmarks.soak measured."""
    failures = found["failures"]
    verdict = (
        "<p class=held>What was judged held.</p>"
        if not failures
        else "<ul class=failed>" + "".join(f"<li>{escape(each)}" for each in failures) + "</ul>"
    )
    if found["too_young"]:
        young = escape(", ".join(found["too_young"]))
        verdict += f"<p>Too young for their growth to count: {young}.</p>"
    began = found["began"]
    marks = [
        ((row["at_s"][0] - began) / 60, row["accident"])
        for row in found["rounds"]
        if "at_s" in row and row["accident"] != "nothing"
    ]
    charts = "".join(
        f"<h3>{escape(name)}</h3>" + _chart(samples, marks, found["minutes"])
        for name, samples in found["samples"].items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Soak of Fabrique TV</title>"
        f"<style>{STYLE}</style><h1>Soak of Fabrique TV</h1>"
        f"<p>{found['minutes']} minutes, {len(found['rounds'])} rounds, seed {found['seed']}.</p>"
        f"{verdict}<h2>What happened</h2>{_rounds(found['rounds'], began)}"
        f"<h2>Gaps that nothing explains</h2>{_gaps(found['unexplained_gaps'])}"
        f"<h2>Captions: delay in seconds</h2>{_captions(found['captions'])}"
        f"<h2>What processes hold</h2>{_processes(found['processes'])}"
        f"<h2>Memory, in MB, by minute</h2><p>Lines are accidents; a process that began anew "
        f"begins anew here.</p>{charts}</html>\n"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    cells = "".join("<tr>" + "".join(_cell(value) for value in row) for row in rows)
    return "<table><tr>" + "".join(f"<th>{escape(each)}" for each in head) + f"{cells}</table>"


def _cell(value: object) -> str:
    kind = " class=number" if isinstance(value, int | float) else ""
    return f"<td{kind}>{'–' if value is None else escape(str(value))}"


def _rounds(rows: Sequence[dict[str, Any]], began: float) -> str:
    head = (
        "minute", "accident", "for s", "gap by WebRTC s", "by LL-HLS s", "screens lost",
        "sockets lost", "acts lost", "double", "healed after s",
    )  # fmt: skip
    return _table(
        head,
        (
            (
                round((row["at_s"][0] - began) / 60, 1),
                row["accident"],
                row["lasted_s"],
                row["longest_gap_s"]["webrtc"],
                row["longest_gap_s"]["hls"],
                row["dropped"]["screens"],
                row["dropped"]["sockets"],
                row["lost"],
                row["double"],
                row["healed_after_s"],
            )
            for row in rows
            if "at_s" in row
        ),
    )


def _gaps(gaps: Sequence[dict[str, Any]]) -> str:
    if not gaps:
        return "<p>None.</p>"
    return _table(
        ("minute", "page", "seconds"),
        ((each["minute"], each["page"], each["seconds"]) for each in gaps),
    )


def _captions(captions: dict[str, dict[str, float]]) -> str:
    keys = ("count", "p50", "p95", "max")
    return _table(
        ("", *keys),
        ((when.replace("_", " "), *(of.get(key) for key in keys)) for when, of in captions.items()),
    )


def _processes(processes: dict[str, dict[str, Any]]) -> str:
    head = (
        "process", "minutes", "cores", "", "first", "last", "most", "an hour", "± (1 s.e.)",
        "at least, in each half", "the journal’s",
    )  # fmt: skip
    return _table(
        head,
        (
            (name, of["minutes"], of.get("cores"), key, *of[key].values())
            for name, of in processes.items()
            for key in GROWING
            if key in of
        ),
    )


def _chart(
    samples: Sequence[dict[str, float]], marks: Sequence[tuple[float, str]], minutes: float
) -> str:
    most = max((each["MB"] for each in samples), default=1.0) * 1.1

    def x(minute: float) -> float:
        return LEFT + (WIDTH - LEFT) * minute / minutes

    def y(value: float) -> float:
        return HEIGHT - (HEIGHT - BELOW) * value / most

    line = " ".join(f"{x(each['at'] / 60):.1f},{y(each['MB']):.1f}" for each in samples)
    accidents = "".join(
        f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="0" y2="{HEIGHT}" stroke="#c9c9c9">'
        f"<title>{escape(name)}</title></line>"
        for at, name in marks
    )
    scale = "".join(
        f'<text x="0" y="{y(share * most) + 4:.1f}" font-size="12">{share * most:.0f}</text>'
        for share in (0.0, 0.5, 0.9)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 4}" width="{WIDTH}" role="img" '
        f'aria-label="memory">{accidents}{scale}'
        f'<polyline points="{line}" fill="none" stroke="#0b5394" stroke-width="1.5"/></svg>'
    )
