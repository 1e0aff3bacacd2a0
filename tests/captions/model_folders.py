"""Whisper models of real shape and no knowledge, small enough to be made by each test."""

import json
from pathlib import Path

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec

from captions.models import weights
from tests.captions.speech import model_cache

WIDTH, HEADS, BANDS = 16, 1, 80
MULTILINGUAL, ENGLISH = 51_865, 51_864  # tokens


def nano(folder: Path, *, vocabulary: int = MULTILINGUAL, bands: int = BANDS) -> Path:
    """A model of one layer in `folder`, with base's tokens; what it hears is noise."""
    base = weights.resolve("base", model_cache())
    spec = WhisperSpec(1, HEADS, 1, HEADS)
    _fill(spec, vocabulary, bands)
    tokens = (base / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    spec.register_vocabulary([*tokens, "-"][:vocabulary])
    config = json.loads((base / "config.json").read_text())
    for name in ("suppress_ids", "suppress_ids_begin", "lang_ids"):
        setattr(spec.config, name, config[name])
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()  # what is read and what is written are the same, as in all of Whisper's
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
    return folder


def _fill(spec: WhisperSpec, vocabulary: int, bands: int) -> None:
    random = np.random.default_rng(6)

    def values(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.02).astype(np.float16)

    def dense(layer: object, rows: int, columns: int = WIDTH) -> None:
        layer.weight, layer.bias = values(rows, columns), values(rows)

    def norm(layer: object) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float16), values(WIDTH)

    def attention(layer: object, *rows: int) -> None:
        norm(layer.layer_norm)
        for linear, count in zip(layer.linear, rows, strict=True):
            dense(linear, count)

    def forward(layer: object) -> None:
        norm(layer.layer_norm)
        dense(layer.linear_0, 4 * WIDTH)
        dense(layer.linear_1, WIDTH, 4 * WIDTH)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = values(WIDTH, bands, 3), values(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = values(WIDTH, WIDTH, 3), values(WIDTH)
    encoder.position_encodings.encodings = values(1500, WIDTH)
    norm(encoder.layer_norm)
    attention(encoder.layer[0].self_attention, 3 * WIDTH, WIDTH)
    forward(encoder.layer[0].ffn)
    decoder.embeddings.weight = decoder.projection.weight = values(vocabulary, WIDTH)
    decoder.position_encodings.encodings = values(448, WIDTH)
    norm(decoder.layer_norm)
    attention(decoder.layer[0].self_attention, 3 * WIDTH, WIDTH)
    attention(decoder.layer[0].attention, WIDTH, 2 * WIDTH, WIDTH)
    forward(decoder.layer[0].ffn)
