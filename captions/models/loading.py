"""The speech model, from its name to a Whisper ready to hear."""

import logging
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from captions.errors import ModelUnavailable
from captions.hearing.sound import SAMPLE_RATE
from captions.hearing.whisper import Whisper
from captions.models import machine, sizes, weights
from captions.models.hub import Progress
from captions.models.machine import Machine
from captions.models.sizes import AUTO, Plan

logger = logging.getLogger(__name__)


def load(
    model: str,
    cache: Path,
    progress: Progress | None = None,
    *,
    channels: int = 1,
    here: Machine | None = None,
    whole: bool = False,
) -> Whisper:
    """Find and load `model`: a size's name, a folder, or `auto`. Raises ModelUnavailable.

    `whole`: for what nobody has heard yet (`Whisper.decode_whole`), not behind settled words.

    `auto` is the best that this machine can caption `channels` with, of those that are at hand:
    nobody waits for a download while the talk goes on. Where a card fails, the processor is tried.
    """
    failure: ModelUnavailable | None = None
    for folder, plan in _ways(model, cache, progress, channels, here or machine.look()):
        if failure:
            logger.warning("captions: %s Now on %s: %s", failure, plan.device, folder.name)
        try:
            whisper = _loaded(folder, plan, whole)
        except ModelUnavailable as error:
            failure = error
            continue
        logger.info(
            "captions: %s on %s (%s, threads: %d, at a time: %d)",
            *(folder.name, plan.device, plan.compute, plan.threads, plan.workers),
        )
        return whisper
    assert failure is not None
    raise failure


def find(model: str, cache: Path, progress: Progress | None = None, *, channels: int = 1) -> Path:
    """Have the model that `load` would try first on the disk. Raises ModelUnavailable."""
    return next(_ways(model, cache, progress, channels, machine.look()))[0]


def _ways(
    model: str, cache: Path, progress: Progress | None, channels: int, here: Machine
) -> Iterator[tuple[Path, Plan]]:
    """Folders and how to run what they hold, in the order to try; at least one, or an error."""
    if model != AUTO:
        folder = weights.resolve(model, cache, progress)
        found = weights.check(folder)
        plans = sizes.plans(found.size_bytes, here, found.parameters, channels)
        if not plans:
            raise _no_room(folder.name, sizes.needed(found.size_bytes), here)
        yield from ((folder, plan) for plan in plans)
        return
    suited = sizes.suited(here, channels)
    if not suited:
        least = sizes.SIZES[0]
        raise _no_room(least.name, sizes.needed(2 * least.parameters), here)
    there = [each for each in suited if weights.at_hand(each[0].name, cache)]
    if there and there[0] != suited[0]:
        logger.info(
            "captions: better for this machine, and not there yet: fabrique-tv models fetch %s",
            suited[0][0].name,
        )
    for size, plans in there or suited[:1]:
        folder = weights.resolve(size.name, cache, progress)
        weights.check(folder)
        yield from ((folder, plan) for plan in plans)


def _loaded(folder: Path, plan: Plan, whole: bool) -> Whisper:
    """Raises ModelUnavailable."""
    try:
        whisper = Whisper(
            folder,
            device=plan.device,
            compute=plan.compute,
            threads=plan.threads,
            workers=plan.workers,
            whole=whole,
        )
    except ModelUnavailable:
        raise
    except Exception as error:  # the tokenizer's file is damaged: that library raises the root
        raise ModelUnavailable(
            f"Le modèle de sous-titrage « {folder} » ne se charge pas : « tokenizer.json » est "
            "abîmé ; remplacez ce dossier par une copie complète."
        ) from error
    try:
        _try(whisper)
    except (RuntimeError, ValueError, IndexError, MemoryError) as error:
        raise ModelUnavailable(
            f"Le modèle de sous-titrage « {folder} » se charge, mais ne marche pas\u00a0: {error}"
        ) from error
    return whisper


def _try(whisper: Whisper) -> None:
    """Hear a second of silence: a card's missing library shows now, not in the talk."""
    encoded = whisper.encode(np.zeros(SAMPLE_RATE, np.float32))
    decoded = whisper.decode(encoded, previous=(), beginning=(), beam=1)
    whisper.align(encoded, decoded.tokens)
    if not math.isfinite(decoded.log_probability):
        raise ValueError("ses poids ne sont pas des nombres")


def _no_room(name: str, needed: int, here: Machine) -> ModelUnavailable:
    return ModelUnavailable(
        f"Pas assez de mémoire pour le modèle de sous-titrage « {name} »\u00a0: il en faut "
        f"{_gigabytes(needed)}, il y a {_gigabytes(here.memory)} de libre. Fermez ce qui en prend, "
        "ou choisissez un modèle plus petit ([captions] model)."
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} Go".replace(".", ",")
