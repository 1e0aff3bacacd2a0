"""By which numbers a model's decoder reads tokens: settled words at once, where it can be had.

CTranslate2 (`WhisperReplica::generate` in its whisper.cc) reads the beginning of a prompt at once:
the tokens behind `<|startoftranscript|>` as long as their numbers lie between its own and that of
`<|notimestamps|>`. What stands behind those it decodes again one by one, each at the cost of a new
one; and a word's number lies below both. Here, in a copy of the model in memory,

- `<|startoftranscript|>` has the number of a token that is never written, below all words but one;
- the commonest tokens have second numbers beyond `<|notimestamps|>`, those of times. The last one
  to be read at once has its second number there: where no token ends what is read at once, and
  that does not end with `<|notimestamps|>`, CTranslate2 writes nothing but a time behind it.

Such numbers are read, never written: what is written is chosen by a projection that stays as it
was. But who writes times must read them again, too, and needs the model as it is.
"""

import json
import logging
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from captions.models import checkpoint
from captions.models.checkpoint import Damaged, Layout, Variable

logger = logging.getLogger(__name__)

LARGEST = 600_000_000  # bytes of a model: of a larger one no copy is written at each start
COMMONEST = 1_500  # tokens that get a second number: the first ones, as they are the commonest
START, LAST, FIRST_TIME = "<|startoftranscript|>", "<|notimestamps|>", "<|0.00|>"
QUOTE, QUOTE_NUMBER = '"', 1  # Whisper is told never to write it, and French has « »
EMBEDDINGS, PROJECTION = "decoder/embeddings/weight", "decoder/projection/weight"
FLOAT16 = 4  # CTranslate2's number of this type
WEIGHTS, VOCABULARIES = "model.bin", ("vocabulary.json", "vocabulary.txt")


@dataclass(frozen=True)
class Numbers:
    """The numbers of `<|startoftranscript|>` and `<|notimestamps|>`, and of those tokens that have
    a second one, the second."""

    start: int
    last: int
    second: Mapping[int, int] = field(default_factory=dict)

    def prompt(
        self, before: Sequence[int], text: Sequence[int], at_once: int
    ) -> tuple[list[int], int]:
        """`before`, the mark of the start and `text` as CTranslate2 is to be given them; and how
        many tokens of `text` it decodes again.

        At most the first `at_once` of them are read at once.
        """
        numbers = self._read(text)
        ends = [place for place in range(at_once) if text[place] in self.second]
        if ends and text[-1] != self.last:
            numbers[ends[-1]] = self.second[text[ends[-1]]]
        inside = range(self.start, self.last + 1)
        end = next((at for at, each in enumerate(numbers) if each not in inside), len(text))
        return [*self._read(before), self.start, *numbers], len(text) - end

    def _read(self, tokens: Sequence[int]) -> list[int]:
        """The same without the number that the mark of the start has taken."""
        return [self.second.get(each, each) if each == self.start else each for each in tokens]


@contextmanager
def renumbered(folder: Path, within: Path | None = None) -> Iterator[tuple[Path, Numbers | None]]:
    """A folder to load the model in `folder` from, and its second numbers; itself, where it has
    none. A copy is made in a temporary folder (`within` another than the system's), and goes with
    the `with` body.

    Raises what `renumber` does.
    """
    with ExitStack() as stack:
        try:
            copy = Path(
                stack.enter_context(TemporaryDirectory(prefix="fabrique-model-", dir=within))
            )
        except OSError as error:
            _as_it_is(error)
            yield folder, None
            return
        numbers = renumber(folder, copy)
        yield copy if numbers else folder, numbers


def _as_it_is(error: OSError) -> None:
    logger.warning("captions: no room to change the model, it goes on as it is (%s)", error)


def renumber(folder: Path, into: Path, largest: int = LARGEST) -> Numbers | None:
    """Write a copy of the model in `folder` that has second numbers, files that stay as links.

    None if the model is too large or other than expected, or its copy cannot be written. Raises
    OSError where the model cannot be read, and ValueError where its vocabulary is damaged.
    """
    weights = folder / WEIGHTS
    vocabulary = next((folder / name for name in VOCABULARIES if (folder / name).exists()), None)
    if vocabulary is None or weights.stat().st_size > largest:
        return None
    names = _names(vocabulary)
    if names[QUOTE_NUMBER : QUOTE_NUMBER + 1] != [QUOTE] or not {START, LAST, FIRST_TIME} <= {
        *names
    }:
        return None
    start, last, times = (names.index(name) for name in (START, LAST, FIRST_TIME))
    doubled = [*range(COMMONEST), last]
    second = {token: times + place for place, token in enumerate(doubled)}
    try:
        layout = checkpoint.layout(weights)
    except Damaged:
        return None
    found = layout.variables.get(EMBEDDINGS)
    tied = layout.aliases.get(PROJECTION) == EMBEDDINGS
    if found is None or not tied or found.kind != FLOAT16:
        return None
    if not times + len(doubled) <= len(names) <= found.shape[0]:
        return None
    names[QUOTE_NUMBER], names[start] = START, QUOTE
    try:
        _copy(weights, layout, {start: QUOTE_NUMBER, **second}, into / WEIGHTS)
        _write(into / vocabulary.name, names)
        for path in folder.iterdir():
            if path.name not in (WEIGHTS, vocabulary.name):
                (into / path.name).symlink_to(path.resolve())
    except OSError as error:
        _as_it_is(error)
        return None
    return Numbers(QUOTE_NUMBER, last, second)


def _copy(weights: Path, layout: Layout, rows: Mapping[int, int], into: Path) -> None:
    """Write the weights with some rows of what is read copied to others; what is written chosen
    by them as they were."""
    found = layout.variables[EMBEDDINGS]
    first, end = layout.counted + 4, max(each.end for each in layout.variables.values())
    others = {name: other for name, other in layout.aliases.items() if name != PROJECTION}
    with (
        weights.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        into.open("wb") as copy,
    ):
        values = data[found.values : found.end]
        read = np.frombuffer(values, np.float16).reshape(found.shape).copy()
        read[[*rows.values()]] = read[[*rows]]
        copy.write(data[: layout.counted])
        copy.write(struct.pack("<I", len(layout.variables) + 1))
        copy.write(data[first : found.begin])
        copy.write(_described(EMBEDDINGS, found))
        copy.write(read.data)
        copy.write(_described(PROJECTION, found))
        copy.write(values)
        copy.write(data[found.end : end])
        copy.write(struct.pack("<I", len(others)))
        for name, other in others.items():
            copy.write(_name(name) + _name(other))


def _described(name: str, like: Variable) -> bytes:
    rank, length = len(like.shape), like.end - like.values
    return _name(name) + struct.pack(f"<B{rank}IBI", rank, *like.shape, like.kind, length)


def _name(name: str) -> bytes:
    named = name.encode() + b"\0"
    return struct.pack("<H", len(named)) + named


def _names(vocabulary: Path) -> list[str]:
    text = vocabulary.read_text(encoding="utf-8")
    if vocabulary.suffix == ".json":
        return list(json.loads(text))
    return text.removesuffix("\n").split("\n")


def _write(vocabulary: Path, names: list[str]) -> None:
    text = json.dumps(names) if vocabulary.suffix == ".json" else "\n".join(names) + "\n"
    vocabulary.write_text(text, encoding="utf-8")
