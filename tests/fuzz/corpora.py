"""The inputs that are kept for each reader: `corpora/NAME.txt`, one a line, in base64.

A comment says what the next one found. The others take steps that no seed takes.
"""

import base64
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpora"


def kept(name: str) -> list[bytes]:
    try:
        lines = _path(name).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    return [base64.b64decode(line) for line in lines if line and not line.startswith("#")]


def keep(name: str, inputs: Iterable[bytes], comment: str = "") -> None:
    """Add those that are not there yet."""
    before = kept(name)
    lines = [base64.b64encode(data).decode() for data in inputs if data not in before]
    if lines:
        FOLDER.mkdir(exist_ok=True)
        with _path(name).open("a", encoding="ascii") as file:
            file.writelines(f"# {comment}\n{line}\n" if comment else f"{line}\n" for line in lines)


def _path(name: str) -> Path:
    return FOLDER / f"{name}.txt"
