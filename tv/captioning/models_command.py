"""`fabrique-tv models`: the speech models that there are, fetched and checked."""

import sys
import time
from pathlib import Path
from typing import Literal

import msgspec

from captions.errors import ModelUnavailable
from captions.models import loading, machine, sizes, weights
from captions.models.machine import Machine
from captions.models.sizes import AUTO, Size
from tv.progress import Progress

State = Literal["used", "there", "absent"]
WORDS: dict[State, str] = {"used": "utilisé", "there": "présent", "absent": "à télécharger"}


class Listed(msgspec.Struct, frozen=True):
    """A model as the list shows it."""

    name: str
    megabytes: int  # on the disk, and to fetch
    memory_mb: int  # that it takes on CPU
    state: State
    suited: bool  # whether this machine can caption with it, beside everything else


def listed(model: str, cache: Path, here: Machine, channels: int) -> list[Listed]:
    """All sizes, the smallest first; `model` is what the settings say."""
    there = {size.name for size in sizes.SIZES if weights.at_hand(size.name, cache)}
    if model == AUTO:
        best = (size.name for size, _ in sizes.suited(here, channels) if size.name in there)
        model = next(best, AUTO)
    used = sizes.named(model)

    def state(size: Size) -> State:
        if size.name not in there:
            return "absent"
        return "used" if size == used else "there"

    return [
        Listed(
            size.name,
            2 * size.parameters // 1_000_000,
            sizes.needed(2 * size.parameters) // 1_000_000,
            state(size),
            bool(sizes.live(size, here, channels)),
        )
        for size in sizes.SIZES
    ]


def list_models(model: str, cache: Path, channels: int, as_json: bool) -> int:
    """Print the sizes, and what this machine has for them; return the exit status."""
    here = machine.look()
    models = listed(model, cache, here, channels)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"model": model, "items": models}).decode() + "\n")
        return 0
    card = f", carte graphique de {here.gpu.memory / 1e9:.1f} Go" if here.gpu else ""
    free = f"{here.memory / 1e9:.1f} Go de mémoire libre{card}".replace(".", ",")
    lines = [
        f"Cette machine : {here.cores:g} cœurs, {free}.",
        f"Réglage : [captions] model = {model}.",
    ]
    lines += ["", f"{'Modèle':<16}{'Disque':>9}{'Mémoire':>10}  {'État':<15}Ici"]
    lines += [
        f"{each.name:<16}{each.megabytes:>6} Mo{each.memory_mb:>7} Mo  {WORDS[each.state]:<15}"
        f"{'convient' if each.suited else 'trop lourd'}"
        for each in models
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def fetch(names: list[str], cache: Path, channels: int) -> int:
    """Have models in the cache; without a name, the best for this machine."""
    for name in names or [_best(channels)]:
        with Progress(f"Modèle « {name} »", sys.stderr) as progress:
            folder = weights.resolve(name, cache, progress.bytes)
        weights.check(folder)
        sys.stdout.write(f"{folder}\n")
    return 0


def _best(channels: int) -> str:
    """Raises ModelUnavailable when the machine has room for none."""
    suited = sizes.suited(machine.look(), channels)
    if not suited:
        raise ModelUnavailable("Cette machine n’a de mémoire pour aucun modèle de sous-titrage.")
    return suited[0][0].name


def check(model: str, cache: Path, channels: int) -> int:
    """Verify, load and try a model; exit status 1 when something is wrong with it."""
    try:
        if (size := sizes.named(model)) and not weights.at_hand(size.name, cache):
            raise ModelUnavailable(
                f"Le modèle « {size.name} » n’est pas là\u00a0: fabrique-tv models "
                f"fetch {size.name}"
            )
        folder = loading.find(model, cache, channels=channels)
        found = weights.check(folder)
        sure = weights.verify(folder)
        began = time.monotonic()
        loading.load(model, cache, channels=channels)
    except ModelUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    words = "somme de contrôle juste" if sure else "livré sans somme de contrôle"
    seconds = f"{time.monotonic() - began:.1f}".replace(".", ",")
    sys.stdout.write(
        f"« {folder} » marche : {found.parameters / 1e6:.0f} millions de paramètres, {words}, "
        f"chargé en {seconds} s.\n"
    )
    return 0
