"""What a glossary wins: terms found with it and without, and terms that nobody said.

    python -m benchmarks.glossary [SOUND …] [--json FILE]

Each sound has its transcript beside it, as `.txt`, and its glossary in `benchmarks/glossaries`, as
a file of the same stem; without any, the tests' clip is used. `unspoken.txt` there holds terms that
nobody says in any of them, most of them near to what is said: each that is written is an invention.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from captions import files
from captions.cues import Word
from captions.hearing.live import Captioner
from captions.hearing.whisper import Whisper
from captions.models import weights
from captions.wording import glossary
from captions.wording.glossary import Repair
from captions.wording.phonetics import sounds
from captions.wording.rewriting import Rewriting, pieces
from captions.written.layout import joined
from tests.captions.speech import CLIP, word_error_rate

ROOT = Path(__file__).resolve().parent.parent
GLOSSARIES = ROOT / "benchmarks" / "glossaries"


@dataclass
class Row:
    """One way to use the glossary; errors in per cent of words."""

    sound: str
    way: str
    found: int  # times that a term was written, of those that it was said
    said: int
    invented: list[str]  # terms heard more often than said, and than without any glossary
    errors: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sounds", nargs="*", type=Path, default=[CLIP])
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache")
    parser.add_argument("--json", type=Path, default=Path("glossary.json"))
    options = parser.parse_args()

    whisper = Whisper(weights.resolve(options.model, options.cache))
    rows = [row for path in options.sounds for row in measure(path, whisper)]
    print("sound        glossary used as    terms found   WER %   invented")
    for row in rows:
        print(
            f"{row.sound[:12]:<12} {row.way:<19}{row.found:4} of {row.said:<4} {row.errors:7.1f}"
            f"   {', '.join(row.invented) or 'none'}"
        )
    spent = cost(_terms("unspoken")[: glossary.TERMS])
    print(f"repair by {glossary.TERMS} terms: {spent:.1f} ms of a core for each new word")
    written = {"rows": [asdict(row) for row in rows], "milliseconds_a_word": spent}
    options.json.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


def measure(path: Path, whisper: Whisper) -> list[Row]:
    reference = path.with_suffix(".txt").read_text(encoding="utf-8")
    terms, unspoken = _terms(path.stem), _terms("unspoken")
    rows: list[Row] = []
    without = ""  # what the model writes by itself: no glossary is to blame for that

    def row(way: str, text: str, looked_for: Sequence[str]) -> None:
        said = {term: _count(term, reference) for term in looked_for}
        written = {term: _count(term, text) for term in looked_for}
        invented = [term for term in looked_for if _more(term, text, reference, without)]
        rows.append(
            Row(
                sound=path.stem,
                way=way,
                found=sum(min(written[term], said[term]) for term in looked_for),
                said=sum(said.values()),
                invented=invented,
                errors=round(100 * word_error_rate(reference, text), 1),
            )
        )

    for shown, looked_for in (((), terms), (terms, terms), (unspoken, unspoken)):
        steps = _heard(path, whisper, shown)
        without = without or _text(steps)
        row("prompt" if shown else "none", _text(steps), looked_for)
        row("prompt and repair" if shown else "repair", _text(steps, looked_for), looked_for)
        if not shown:  # alone, no other term can be the nearer one
            for term in unspoken:
                text = _text(steps, [term])
                if _more(term, text, reference, without):
                    row(f"repair: {term}", text, [term])
    return rows


def _heard(path: Path, whisper: Whisper, terms: Sequence[str]) -> list[files.Shown]:
    return list(files.caption(path, Captioner(whisper, glossary=glossary.prompt(terms))))


def _text(steps: Sequence[files.Shown], terms: Sequence[str] = ()) -> str:
    """What a reader has in the end, as the words settled step by step."""
    rewriting = Rewriting(Repair(terms))
    words: list[Word] = []
    for step in steps:
        words += rewriting.take(step.heard.settled, step.heard.partial, ended=step.heard.ended)[0]
    words += rewriting.take((), ended=True)[0]
    return joined(words)


def _more(term: str, text: str, *others: str) -> bool:
    """Whether `text` has the term more often than each of the others, as it is heard."""
    wanted = "".join(map(sounds, pieces(term)))

    def heard(where: str) -> int:
        there = [sounds(piece) for piece in pieces(where)]
        size = len(pieces(term))
        return sum(
            "".join(there[first : first + size]) == wanted for first in range(len(there) - size + 1)
        )

    return all(heard(text) > heard(other) for other in others)


def _count(term: str, text: str) -> int:
    """How often `text` has the term, letter by letter but for capitals."""
    wanted, there = pieces(term.casefold()), pieces(text.casefold())
    return sum(
        there[first : first + len(wanted)] == wanted
        for first in range(len(there) - len(wanted) + 1)
    )


def cost(terms: Sequence[str]) -> float:
    """Milliseconds of a core that one more doubtful word takes, forty words being open."""
    text = pieces(CLIP.with_suffix(".txt").read_text(encoding="utf-8"))
    words = [Word(piece, index / 3, index / 3 + 0.3, 0.5) for index, piece in enumerate(text)]
    repair = Repair(terms)
    before = time.process_time()
    for end in range(1, len(words) + 1):
        repair.rewrite(words[max(0, end - 40) : end])
    return round(1000 * (time.process_time() - before) / len(words), 2)


def _terms(name: str) -> tuple[str, ...]:
    path = GLOSSARIES / f"{name}.txt"
    return tuple(path.read_text(encoding="utf-8").split("\n")[:-1])


if __name__ == "__main__":
    main()
