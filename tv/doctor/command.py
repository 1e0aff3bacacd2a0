"""Looks at everything in turn, and says each thing as it is known."""

import asyncio
import sys
from collections.abc import Iterator

import msgspec

from captions.models import machine
from tv.doctor import notices, place, work
from tv.doctor.finding import Finding, State, french, good
from tv.folder import Folder, FolderError
from tv.settings import Settings

MARKS: dict[State, str] = {"good": "✓", "poor": "!", "bad": "✗"}
MEDIA = 0.3  # cores that one stage takes, with 40 viewers by WebRTC
WEB = 0.5  # cores that a full house of 2,000 pages takes


def run(folder: Folder, settings: Settings, *, quick: bool, as_json: bool) -> int:
    """Print what was found; return the exit status: 1 when something would not work."""
    found: list[Finding] = []
    for finding in _look(folder, settings, quick):
        found.append(finding)
        if not as_json:
            sys.stdout.write(_line(finding))
            sys.stdout.flush()
    worst = "bad" if any(each.state == "bad" for each in found) else "good"
    if as_json:
        told = {"fit": worst == "good", "items": found}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    else:
        poor = sum(each.state == "poor" for each in found)
        sys.stdout.write(f"\n{_summary(worst == 'good', poor)}\n")
    return 0 if worst == "good" else 1


def _look(folder: Folder, settings: Settings, quick: bool) -> Iterator[Finding]:
    running = folder.in_use
    yield place.memory()
    yield place.ports(settings, running)
    yield place.datagrams(settings, running)
    try:
        folder.make()
        yield from place.disk(folder.path)
    except FolderError as error:
        yield Finding("Disque", "bad", str(error))
    except OSError as error:
        yield place.unwritable(error)
    yield place.clock()
    yield place.files()
    yield place.srt(settings)
    yield asyncio.run(place.stored(folder, settings))
    yield notices.organiser(settings)
    yield notices.address(settings)
    if running:
        yield good(
            "Essais",
            "ni encodage ni écoute\u00a0: ils prendraient des ressources à notre serveur, qui "
            "tourne",
        )
    if quick or running:
        return
    encoding, picture = work.encoding(settings.ladder.encoder)
    yield encoding
    channels = len(settings.captions.channels)
    captioning, speech = work.captioning(settings.captions.model, folder.cache, channels)
    yield captioning
    yield _room(settings, picture, speech * channels)


def _room(settings: Settings, picture: float, speech: float) -> Finding:
    """What all of it takes together, of what there is."""
    cores = machine.look().cores
    pictures = picture * settings.ladder.room
    wanted = MEDIA + WEB + pictures + speech
    said = (
        f"il faut {french(wanted)} cœurs sur {french(cores, 0)} quand tout est plein\u00a0: direct "
        f"{french(MEDIA)}, pages {french(WEB)}, sous-titres {french(speech)}, encodage "
        f"{french(pictures)}"
    )
    if wanted < 0.85 * cores:
        return Finding("Place", "good", said)
    mend = "moins de qualités ([ladder]), un modèle plus petit, ou une autre machine pour cela"
    return Finding("Place", "poor" if wanted < 1.2 * cores else "bad", said, mend)


def _line(finding: Finding) -> str:
    mend = f"\n{'':16}→ {finding.mend}" if finding.mend else ""
    return f"{MARKS[finding.state]} {finding.what:<13} {finding.said}{mend}\n"


def _summary(fit: bool, poor: int) -> str:
    if not fit:
        return "Cette machine n’est pas prête\u00a0: corrigez ce qui est marqué ✗."
    if poor:
        return "Cette machine est prête\u202f; lisez ce qui est marqué !."
    return "Cette machine est prête."
