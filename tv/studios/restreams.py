"""Media's part in restreams: which ones the régie wants, and how each does. No packet passes here.

What is wanted outlives every process: a restream goes on after a restart as after a cut.
"""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from streaming import link
from tv.settings import Restream

logger = logging.getLogger(__name__)

AWAY = "Le processus de rediffusion redémarre."


class Restreams:
    """The restreams of the settings, kept in a file, known to followers.

    `now` is the broadcast clock; `tell` gets every state that changes.
    """

    def __init__(
        self,
        settings: Mapping[str, Restream],
        path: Path,
        now: Callable[[], float],
        tell: Callable[[link.RestreamState], None],
    ) -> None:
        self._settings = settings
        self._path = path
        self._now = now
        self._tell = tell
        self._wanted = _read(path) & settings.keys()
        self._workers: set[link.Link] = set()
        self.states = {name: self._fresh(name) for name in settings}

    def order(self, ask: link.Restream) -> link.Done | link.Refused:
        """Start or stop one; what is so already stays so."""
        if ask.name not in self._settings:
            detail = f"Aucune rediffusion «\u00a0{ask.name[:40]}\u00a0» dans les réglages."
            return link.Refused(ask.request, 404, "unknown-restream", detail)
        if ask.on != (ask.name in self._wanted):
            wanted = self._wanted ^ {ask.name}
            try:
                _write(self._path, wanted)
            except OSError as error:
                logger.warning("restreams: what is wanted cannot be kept: %s", error)
                detail = "Le disque refuse d’écrire\u00a0: libérez de la place, puis recommencez."
                return link.Refused(ask.request, 507, "disk-full", detail)
            self._wanted = wanted
            logger.info("restream %s: %s by the crew", ask.name, "started" if ask.on else "stopped")
            self._note(self._fresh(ask.name))
            for worker in self._workers:
                self._instruct(worker)
        return link.Done(ask.request)

    def join(self, worker: link.Link) -> None:
        """Somebody restreams for us from now on."""
        self._workers.add(worker)
        self._instruct(worker)

    def leave(self, worker: link.Link) -> None:
        """A link has ended, perhaps a worker's: nothing is known of what it did."""
        if worker in self._workers:
            self._workers.remove(worker)
            for name in self._wanted:
                self._note(self._fresh(name))

    def report(self, state: link.RestreamState) -> None:
        """Take a worker's word on how one does."""
        if state.name in self._wanted:  # it may speak of one that was stopped just now
            setting = self._settings[state.name]
            self._note(msgspec.structs.replace(state, channel=setting.channel, title=setting.title))

    def _note(self, state: link.RestreamState) -> None:
        known = self.states[state.name]
        since = known.since if known.state == state.state else self._now()
        self.states[state.name] = state = msgspec.structs.replace(state, since=since)
        self._tell(state)

    def _fresh(self, name: str) -> link.RestreamState:
        """What is known of one before anything is."""
        setting = self._settings[name]
        told = link.RestreamState(name, setting.channel, "off", self._now(), title=setting.title)
        if name not in self._wanted:
            return told
        if not self._workers:
            return msgspec.structs.replace(told, state="waiting", detail=AWAY)
        return msgspec.structs.replace(told, state="connecting")

    def _instruct(self, worker: link.Link) -> None:
        worker.send(link.Restreams(sorted(self._wanted)))


def _read(path: Path) -> set[str]:
    try:
        return set(msgspec.json.decode(path.read_bytes(), type=list[str]))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        logger.warning("restreams: %s cannot be read, none is started: %s", path.name, error)
        return set()


def _write(path: Path, names: set[str]) -> None:
    # Not synced: a disk that takes its time would hold the picture up, and a press is made again.
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(sorted(names)))
    os.replace(draft, path)
