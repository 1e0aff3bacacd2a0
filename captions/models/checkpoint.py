"""What a CTranslate2 weights file says of itself, read in milliseconds without loading it.

The layout is the one that CTranslate2 writes (`ctranslate2/specs/model_spec.py`, binary version 6),
all numbers little-endian: version, name and revision of the architecture, number of variables; for
each its name, shape, type, size in bytes and values; then names that stand for another's variable.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

VERSION = 6
WHISPER = "WhisperSpec"
VARIABLES = 100_000  # more than any model has: a number beyond is noise read as one
ENGLISH = 51_864  # tokens of Whisper's English models; the multilingual ones have more


class Damaged(Exception):
    """Not a whole weights file; the message is a clause in French."""


@dataclass(frozen=True)
class Variable:
    """Where one lies: its description from byte `begin` on, its values from `values` to `end`."""

    shape: tuple[int, ...]
    kind: int  # of values, by CTranslate2's number
    begin: int
    values: int
    end: int


@dataclass(frozen=True)
class Layout:
    """What a weights file holds, in its order, and where."""

    architecture: str
    counted: int  # the byte at which the number of variables stands, the first of them behind it
    variables: dict[str, Variable]
    aliases: dict[str, str]  # names that stand for another's variable


@dataclass(frozen=True)
class Checkpoint:
    """A model's weights as they lie on the disk."""

    architecture: str
    parameters: int
    size_bytes: int
    vocabulary: int  # tokens
    mels: int  # bands of the spectrogram it wants

    @property
    def whisper(self) -> bool:
        return self.architecture == WHISPER

    @property
    def multilingual(self) -> bool:
        return self.vocabulary > ENGLISH


def read(path: Path) -> Checkpoint:
    """Walk through the file at `path`. Raises Damaged when it does not hold what it announces."""
    found = layout(path)

    def shape(name: str) -> tuple[int, ...]:
        return found.variables[name].shape if name in found.variables else (0,)

    (vocabulary, *_), first = shape("decoder/embeddings/weight"), shape("encoder/conv1/weight")
    parameters = sum(math.prod(each.shape) for each in found.variables.values())
    mels = first[1] if len(first) == 3 else 0
    return Checkpoint(found.architecture, parameters, path.stat().st_size, vocabulary, mels)


def layout(path: Path) -> Layout:
    """The same for what lies where in it."""
    try:
        with path.open("rb") as file:
            return _layout(file, path.stat().st_size)
    except OSError as error:
        raise Damaged(f"illisible ({error.strerror})") from error


def _layout(file: BinaryIO, size: int) -> Layout:
    (version,) = _numbers(file, "I")
    if version != VERSION:
        raise Damaged("ce n’est pas un fichier de poids CTranslate2, ou d’une autre version")
    architecture = _name(file)
    _numbers(file, "I")
    counted = file.tell()
    (count,) = _numbers(file, "I")
    if count > VARIABLES:
        raise Damaged("son contenu est incohérent")
    variables: dict[str, Variable] = {}
    for _ in range(count):
        begin = file.tell()
        name = _name(file)
        (rank,) = _numbers(file, "B")
        shape = _numbers(file, f"{rank}I")
        kind, length = _numbers(file, "BI")
        values = file.tell()
        if (missing := values + length - size) > 0:
            raise Damaged(f"il est incomplet\u00a0: il y manque au moins {missing} octets")
        file.seek(length, 1)
        variables[name] = Variable(shape, kind, begin, values, values + length)
    (others,) = _numbers(file, "I")
    aliases = {_name(file): _name(file) for _ in range(min(others, VARIABLES))}
    if file.tell() != size:
        raise Damaged("son contenu est incohérent")
    return Layout(architecture, counted, variables, aliases)


def _numbers(file: BinaryIO, kinds: str) -> tuple[int, ...]:
    wanted = struct.Struct(f"<{kinds}")
    data = file.read(wanted.size)
    if len(data) < wanted.size:
        raise Damaged("il est incomplet")
    return wanted.unpack(data)


def _name(file: BinaryIO) -> str:
    (length,) = _numbers(file, "H")
    data = file.read(length)
    if len(data) < length:
        raise Damaged("il est incomplet")
    return data[:-1].decode("ascii", errors="replace")  # it ends with a zero
