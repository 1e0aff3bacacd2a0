"""How many of the questions that were asked already are found before they are sent again.

    python -m benchmarks.duplicates [--json duplicates.json]

French pairs (tests/engagement/pairs: what one person asked, and how another asks the same, in much
the same words or in quite other ones) and questions that nobody else asks. The first of each pair
of a half, and those alone, are a talk's published questions; the second of each pair is typed, and
found if the first is among the three that are hinted. Vocabulary and weights were chosen by the
tuning half; the test half tells how they do. By words alone, and with the sentence model of the
extra `near`, if it is installed.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from engagement.audience import Audience
from engagement.questions import QuestionAsked
from tv.duplicates import HINTS, Duplicates
from tv.sentences import Sentences

PAIRS = Path(__file__).parent.parent / "tests" / "engagement" / "pairs"


def read(name: str) -> list[list[str]]:
    lines = (PAIRS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


class Talk:
    """A talk in which people asked; each question is named by its number."""

    def __init__(self, questions: list[str], sentences: Sentences) -> None:
        audience = Audience()
        for number, body in enumerate(questions, 1):
            asked = QuestionAsked(
                id=f"e{number}",
                at=number,
                by=f"p{number}",
                question=str(number),
                talk="direct",
                body=body,
                published=True,
            )
            audience.apply(f"{number}-0", asked)
        self._duplicates = Duplicates(audience, sentences, within=60.0)

    async def hints(self, text: str) -> list[int]:
        return [int(near.id) for near, _ in await self._duplicates.of("direct", text)]


def without() -> Sentences:
    """As where no model is installed."""
    sentences = Sentences()
    sentences.there = False
    return sentences


async def measured(half: str, sentences: Sentences) -> dict[str, Any]:
    """Recall at one and at three of a half, and what finding them takes."""
    pairs, alone = read(half), [question for (question,) in read("alone")]
    talk = Talk([*(first for _, first, _ in pairs), *alone], sentences)
    # What was published some seconds ago was compared before.
    await sentences.of([*(first for _, first, _ in pairs), *alone])
    found: dict[str, list[bool]] = {"words": [], "sense": []}
    at_one = hints = 0
    began = time.perf_counter()
    for number, (kind, _, second) in enumerate(pairs, 1):
        near = await talk.hints(second)
        found[kind].append(number in near)
        at_one += near[:1] == [number]
        hints += len(near)
    took = time.perf_counter() - began
    return {
        "half": half,
        "by": "words and sense" if sentences.there else "words",
        "pairs": len(pairs),
        f"recall@{HINTS}": _share([*found["words"], *found["sense"]]),
        "of the same words": _share(found["words"]),
        "of other words": _share(found["sense"]),
        "recall@1": round(at_one / len(pairs), 3),
        "hints": round(hints / len(pairs), 2),
        "ms": round(1000 * took / len(pairs), 2),
    }


async def needless(sentences: Sentences) -> float:
    """The share of questions that nobody else asks for which something is hinted."""
    talk = Talk([first for _, first, _ in read("test")], sentences)
    return _share([bool(await talk.hints(question)) for (question,) in read("alone")])


def _share(facts: list[bool]) -> float:
    return round(sum(facts) / len(facts), 3)


async def run() -> dict[str, Any]:
    ways = [without(), *([Sentences()] if Sentences().there else [])]
    rows = [await measured(half, way) for way in ways for half in ("tuning", "test")]
    for row in rows:
        print("   ".join(f"{name} {value}" for name, value in row.items()))
    shares = {"words": await needless(ways[0]), "both": await needless(ways[-1])}
    for by, share in shares.items():
        print(f"hinted without need, by {by}: {share:.0%} of what nobody else asks")
    return {"rows": rows, "hinted without need": shares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(run())
    if arguments.json:
        arguments.json.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
