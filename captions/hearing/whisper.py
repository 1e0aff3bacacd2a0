"""Whisper, spoken to directly: short windows, and words already settled as a forced beginning.

`faster_whisper.transcribe` pads each window to 30 s and decodes it from its first word. A live
window is a few seconds long and most of it is settled: encoding only what was heard costs a tenth,
and settled words, handed to the decoder as its beginning, do not change, and are read at once
(captions/models/numbers.py).
"""

import logging
import math
import mmap
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from threadpoolctl import threadpool_limits

from captions.cues import NARROW_SPACE, SPACED
from captions.errors import ModelUnavailable
from captions.hearing.sound import SAMPLE_RATE, Samples
from captions.models.numbers import Numbers, renumbered

logger = logging.getLogger(__name__)

PADDING = 3.0  # seconds of silence behind the sound: without it the decoder loops
SHORTEST, LONGEST = 6.0, 30.0  # seconds the encoder is given
FRAMES = 100  # spectrogram frames per second
ALIGNED = 50  # steps per second of an alignment
TIMES = 1501  # tokens for times within a window: 0.00 to 30.00 s
TOKENS_PER_SECOND = 9  # more than anyone speaks
CONTEXT = 448  # tokens the decoder can hold
FEW = 10  # tokens that may well be written behind what is settled
KERNELS = 4_000_000  # bytes for each width that the encoder meets: base keeps half of it
PHRASE = 5  # tokens that do not come twice, where a loop is to be left


@dataclass(frozen=True)
class Encoded:
    """What the encoder made of `seconds` of sound."""

    states: Any  # ctranslate2.StorageView
    seconds: float


@dataclass(frozen=True)
class Decoded:
    """What the decoder found behind the forced beginning."""

    tokens: list[int]
    log_probability: float  # average per token
    no_speech: float  # probability


@dataclass(frozen=True)
class Piece:
    """A word as the decoder wrote it; times are seconds from the beginning of the window.

    `text` has no space around it. A `glued` piece belongs to the word before it: a comma that came
    after its word was settled.
    """

    text: str
    tokens: tuple[int, ...]
    start: float
    end: float
    probability: float
    glued: bool = False


class Whisper:
    """A loaded model, in French. Calls from several threads are queued by CTranslate2."""

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "cpu",
        compute: str = "int8",
        threads: int = 1,
        workers: int = 1,
        whole: bool = False,
    ) -> None:
        """Load `folder`; `compute` is one of CTranslate2's types. Raises ModelUnavailable.

        `workers` calls from several threads are answered at a time, each by `threads`. It decodes
        behind words that are settled, or, `whole`, what nobody has heard yet.
        """
        try:
            with nullcontext((folder, None)) if whole else renumbered(folder) as (place, numbers):
                model = WhisperModel(
                    str(place),
                    device=device,
                    compute_type=compute,
                    cpu_threads=threads,
                    num_workers=workers,
                )
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise ModelUnavailable(
                f"Le modèle de sous-titrage « {folder} » ne se charge pas\u00a0: {_trouble(error)}."
            ) from error
        if not model.model.is_multilingual:
            raise ModelUnavailable(f"Le modèle « {folder} » ne comprend que l’anglais.")
        self._model: Any = model.model
        self._spectrogram = model.feature_extractor
        # Its one small product of matrices is no quicker on several cores, and numpy's threads
        # spin behind it: a tenth of a core on two of them.
        threadpool_limits(1, user_api="blas")
        self._tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language="fr")
        token = self._tokenizer
        self._whole = whole
        self._numbers = numbers or Numbers(token.sot, token.no_timestamps)
        self._begin = [*token.sot_sequence[1:], token.no_timestamps]
        self._suppressed = sorted(
            {
                *token.non_speech_tokens,
                *(token.transcribe, token.translate, token.sot, token.sot_prev, token.sot_lm),
                token.no_speech,
            }
        )
        times = range(token.timestamp_begin, token.timestamp_begin + TIMES)
        self._suppressed_with_times = [*self._suppressed, *times]

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text))

    def text(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens)))

    def encode(self, samples: Samples) -> Encoded:
        """Encode mono 16 kHz float32 `samples`; what lies beyond 30 s is not heard."""
        seconds = min(len(samples) / SAMPLE_RATE, LONGEST)
        width = min(LONGEST, max(SHORTEST, math.ceil(seconds + PADDING)))
        padded = np.zeros(int(width * SAMPLE_RATE), dtype=np.float32)
        padded[: int(seconds * SAMPLE_RATE)] = samples[: int(seconds * SAMPLE_RATE)]
        features = self._spectrogram(padded, padding=0)[None, :, : int(width * FRAMES)]
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(features, dtype=np.float32))
        return Encoded(self._model.encode(view, to_cpu=False), seconds)

    def warm_up(self, seconds: float, beam: int) -> None:
        """Take the memory that windows of up to so many seconds need: before a talk, not in it.

        Raises ModelUnavailable when there is not so much.
        """
        silence = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
        tokens = self.tokens(" …" * (CONTEXT // 4))
        try:
            encoded = self.encode(silence)
            self.decode(encoded, previous=tokens, beginning=[], beam=beam)
            self.align(encoded, tokens)
            lengths = range(int(SHORTEST - PADDING), math.ceil(seconds))
            # oneDNN does not look whether it gets what its kernels need: without it we would crash.
            mmap.mmap(-1, KERNELS * (1 + len(lengths))).close()
            for length in lengths:
                self.encode(silence[: length * SAMPLE_RATE])
        except (RuntimeError, MemoryError, OSError) as error:
            raise ModelUnavailable(
                f"Le modèle de sous-titrage ne fonctionne pas ici\u00a0: {_trouble(error)}."
            ) from error

    def decode(
        self,
        encoded: Encoded,
        *,
        previous: Sequence[int],
        beginning: Sequence[int],
        beam: int,
        more: bool = False,
        onward: bool = False,
    ) -> Decoded:
        """Find the words behind `beginning`; `previous` is what was said before the window.

        Where there must be `more`, the text does not end with `beginning`; where it goes `onward`,
        no phrase comes again.
        """
        before = [self._tokenizer.sot_prev, *previous] if previous else []
        text = [*self._begin, *beginning]
        # What is read at once CTranslate2 does not compare with what comes.
        at_once = len(self._begin) if onward else len(text)
        prompt, again = self._numbers.prompt(before, text, at_once)
        longest = again + 8 + max(0, int(encoded.seconds * TOKENS_PER_SECOND) - len(beginning))
        # Longer texts are to be preferred by as much as if each settled word counted.
        preference = min(1.0, (again + FEW) / (len(beginning) + FEW))
        result = self._model.generate(
            encoded.states,
            [prompt],
            beam_size=beam,
            # Half of it is what is decoded at most, whatever was read at once.
            max_length=min(CONTEXT, longest + max(longest, len(prompt) - again - 1)),
            suppress_blank=more,  # the end of text as the first token, too
            length_penalty=preference,
            no_repeat_ngram_size=PHRASE if onward else 0,
            suppress_tokens=self._suppressed_with_times,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        written = [token for token in tokens[again:] if token < self._tokenizer.eot]
        total = float(result.scores[0]) * (len(tokens) or 1) ** preference
        average = total / (len(beginning) + len(written) or 1)
        return Decoded(written, average, float(result.no_speech_prob))

    def decode_whole(self, encoded: Encoded, *, beam: int) -> Decoded:
        """Find all words of up to 30 s of sound.

        The decoder writes times between them, which keep it from leaving passages out. For a model
        that was loaded for this.
        """
        assert self._whole, "times that it writes, it reads as words"
        result = self._model.generate(
            encoded.states,
            [list(self._tokenizer.sot_sequence)],
            beam_size=beam,
            max_length=CONTEXT,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        return Decoded(tokens, float(result.scores[0]), float(result.no_speech_prob))

    def align(self, encoded: Encoded, *texts: Sequence[int]) -> list[list[Piece]]:
        """Say when each word of `texts` (the beginning, then what follows) was heard."""
        tokens = [token for text in texts for token in text]
        if not tokens:
            return [[] for _ in texts]
        result = self._model.align(
            encoded.states,
            self._tokenizer.sot_sequence,
            [tokens],
            max(1, int(encoded.seconds * FRAMES)),
            median_filter_width=7,
        )[0]
        steps = np.array(result.alignments)
        first = np.concatenate(([True], np.diff(steps[:, 0]) > 0))
        times = steps[first, 1] / ALIGNED  # when each token begins, then the end of text
        times = np.append(times, encoded.seconds)
        pieces: list[list[Piece]] = []
        position = 0
        for text in texts:
            aligned: list[Piece] = []
            for words, ids, glued in self._words(text):
                begin, end = position, position + len(ids)
                heard = np.mean(result.text_token_probs[begin:end])
                start = float(times[min(begin, len(times) - 1)])
                stop = float(times[min(end, len(times) - 1)])
                aligned.append(Piece(words, ids, start, max(start, stop), float(heard), glued))
                position = end
            pieces.append(aligned)
        return pieces

    def _words(self, tokens: Sequence[int]) -> list[tuple[str, tuple[int, ...], bool]]:
        """Group tokens into words: one begins at each space, punctuation stays with its word."""
        words: list[tuple[str, tuple[int, ...], bool]] = []
        for fragment, ids in zip(
            *self._tokenizer.split_tokens_on_unicode(list(tokens)), strict=True
        ):
            text = fragment.strip()
            spaced = fragment.startswith(" ")
            if words and (not spaced or not _spoken(text)) and text not in ("«", "–", "-"):
                before, before_ids, glued = words[-1]
                space = SPACED.get(text[0], NARROW_SPACE) if spaced and text else ""
                words[-1] = (before + space + text, (*before_ids, *ids), glued)
            elif words and not _spoken(words[-1][0]) and not words[-1][2]:
                before, before_ids, glued = words[-1]  # an opening mark takes the next word
                words[-1] = (f"{before} {text}", (*before_ids, *ids), glued)
            else:
                words.append((text, tuple(ids), not spaced or not _spoken(text)))
        return words


def _spoken(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _trouble(error: Exception) -> str:
    """What keeps CTranslate2 from loading a model, in French: it tells by a text alone."""
    said = str(error)
    if isinstance(error, MemoryError) or "allocate" in said or "out of memory" in said:
        return "la mémoire n’y suffit pas, choisissez un modèle plus petit"
    if "CUDA" in said or "Library" in said:  # its driver, or a library of NVIDIA's
        return f"la carte graphique ne s’y prête pas ({said})"
    return f"il est sans doute incomplet, supprimez ce dossier pour qu’il soit refait ({said})"
