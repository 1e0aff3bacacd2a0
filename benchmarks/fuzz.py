"""What our readers make of bytes that are nearly right: what none of them may do, looked for.

    python -m benchmarks.fuzz [--seconds 20] [--seed 1] [--keep] [--json fuzz.json] [NAME …]

Each reader of strangers' bytes (tests/fuzz) has a process of its own, with half a gigabyte to grow,
and is led by which of our lines its inputs reach. A finding is an exception that is not the
reader's way to refuse, five seconds of processor time, no memory left, or the end of the process.
`--keep` adds findings, and inputs that reach what no other does, to tests/fuzz/corpora.
"""

import argparse
import json
import logging
import mmap
import multiprocessing
import os
import random
import resource
import tempfile
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.fuzz import corpora
from tests.fuzz.engine import Report, few, fuzz
from tests.fuzz.targets import TARGETS

GROWTH = 512 << 20  # bytes that a reader's process may take, beyond what it starts with
PATIENCE = 90.0  # seconds beyond its time until it counts as hung


def measure(name: str, seconds: float, seed: int, keep: bool) -> Report:
    """Fuzz one reader in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(4 + TARGETS[name].limit)
        there = (name, seconds, seed, keep, Path(file.name), theirs)
        process = context.Process(target=_fuzz, args=there, name=f"fuzz {name}")
        process.start()
        theirs.close()
        try:
            if ours.poll(seconds + PATIENCE):
                found: Report = ours.recv()
                process.join(5)
                return found
            how = "it hangs"
        except EOFError:
            process.join(5)
            how = f"its process ended ({process.exitcode})"
        finally:
            process.kill()
            process.join()
        said = Path(file.name).read_bytes()
    return Report(findings={how: said[4 : 4 + int.from_bytes(said[:4], "big")]})


def _fuzz(name: str, seconds: float, seed: int, keep: bool, file: Path, out: Connection) -> None:
    """In the process: what is being read stands in `file`, for whoever finds it dead."""
    warnings.simplefilter("error")
    logging.disable(logging.WARNING)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libav's and Pillow's own words
    target = TARGETS[name]
    known = [*target.seeds(), *corpora.kept(name)]
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as shared, target.around:

        def begin(data: bytes) -> None:
            shared[: 4 + len(data)] = len(data).to_bytes(4, "big") + data

        limit = _size() + GROWTH
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        report = fuzz(target, known, seconds, random.Random(seed), begin)
        report.kept = few(target, known, report.kept) if keep else []
    out.send(report)


def _size() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*TARGETS, []], metavar="NAME")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="add to tests/fuzz/corpora")
    parser.add_argument("--json", type=Path, default=Path("fuzz.json"))
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    print(
        f"{'reader':>14} {'executions':>11} {'a second':>9} {'steps':>7} {'slowest':>8}  findings"
    )
    for name in options.names or TARGETS:
        report = measure(name, options.seconds, options.seed, options.keep)
        pace = report.executions / options.seconds
        line = f"{report.executions:11,} {pace:9,.0f} {report.steps:7,} {report.slowest:6.2f} s"
        print(f"{name:>14} {line} {len(report.findings) or 'nothing'}", flush=True)
        for happened, data in report.findings.items():
            print(f"{'':>14} {happened}: {data[:60]!r} ({len(data)} bytes)", flush=True)
            if options.keep:
                corpora.keep(name, [data], happened)
        corpora.keep(name, report.kept)
        figures[name] = {
            "executions": report.executions,
            "steps": report.steps,
            "slowest_seconds": round(report.slowest, 3),
            "findings": {happened: data.hex() for happened, data in report.findings.items()},
        }
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    every = [each for found in figures.values() for each in found["findings"]]
    total = sum(found["executions"] for found in figures.values())
    print(f"{len(figures)} readers, {total:,} executions, {len(every)} findings")
    raise SystemExit(bool(every))


if __name__ == "__main__":
    main()
