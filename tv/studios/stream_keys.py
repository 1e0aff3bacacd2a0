"""Stream keys that are valid now: one per channel, slot and generation, and another for SRT.

SRT shows the stream id, and the key in it, to anyone on the network, with a passphrase too. So an
SRT port with a passphrase takes a key of its own, which RTMP and WHIP refuse; it refuses theirs.

To renew a key is to count its slot's generation up. The file `renewed` in the data folder has a
line `CHANNEL SLOT GENERATION` for each renewal, and the highest generation counts: renewals at the
same time make the same key, and a backup that is restored brings no old key back. Processes look at
the file whenever they are shown a key.
"""

import hmac
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tv.folder import Folder
from tv.settings import Settings
from tv.studios.keys import KEY_LENGTH, SLOTS, stream_key

logger = logging.getLogger(__name__)

RENEWALS = 1_000  # of a slot's key: less than 50 kB in the file

Place = tuple[str, str]  # channel and slot
Protocol = Literal["rtmp", "whip", "srt"]
PROTOCOLS: tuple[Protocol, ...] = ("rtmp", "whip", "srt")


class TooManyRenewals(Exception):
    """A slot's key has been renewed as often as it may."""


class StreamKeys:
    """The stream keys of an installation. `srt_apart`: SRT takes keys of its own.

    Renewals are in the file `renewed`. While that cannot be read, the last that was read holds.
    """

    def __init__(self, secret: bytes, renewed: Path, *, srt_apart: bool = False) -> None:
        self._secret = secret
        self._path = renewed
        self._srt_apart = srt_apart
        self._seen: tuple[tuple[int, int], Mapping[Place, int]] = ((0, 0), {})  # time and size
        self._trouble = ""  # with reading it

    def key(self, channel: str, slot: str, protocol: Protocol = "rtmp") -> str:
        """The key that a studio shows now."""
        generation = self.generations().get((channel, slot), 0)
        return self._key(channel, slot, generation, srt=self._is_apart(protocol))

    def place(self, key: str, protocol: Protocol) -> Place | None:
        """The channel and slot that `key` opens now, or None."""
        srt = self._is_apart(protocol)
        channel = key[: -len("-p-") - KEY_LENGTH]
        if srt:
            channel = channel.removesuffix("-srt")
        generations = self.generations()
        for slot in SLOTS:
            expected = self._key(channel, slot, generations.get((channel, slot), 0), srt=srt)
            if hmac.compare_digest(expected.encode(), key.encode(errors="replace")):
                return channel, slot
        return None

    def generations(self) -> Mapping[Place, int]:
        """Renewals of the key of each place, as counts; the same object until one changes."""
        try:
            found = self._path.stat()
            stamp = found.st_mtime_ns, found.st_size
            if stamp != self._seen[0]:
                self._seen = stamp, _read(self._path.read_text(encoding="ascii"))
            self._trouble = ""
        except FileNotFoundError:
            if self._seen[1]:
                self._seen = (0, 0), {}
        except (OSError, ValueError) as error:
            if (trouble := str(error)) != self._trouble:
                logger.error("renewals of stream keys cannot be read: %s", trouble)
            self._trouble = trouble
        return self._seen[1]

    def renew(self, channel: str, slot: str) -> None:
        """Give a slot another key; the key before opens nothing any more.

        Raises TooManyRenewals, OSError.
        """
        generation = self.generations().get((channel, slot), 0) + 1
        if generation > RENEWALS:
            raise TooManyRenewals
        # One write at the end of the file: two of these at a time do not harm each other.
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, f"{channel} {slot} {generation}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)

    def _is_apart(self, protocol: Protocol) -> bool:
        return self._srt_apart and protocol == "srt"

    def _key(self, channel: str, slot: str, generation: int, *, srt: bool) -> str:
        return stream_key(self._secret, channel, slot, generation, srt=srt)


def stream_keys(folder: Folder, settings: Settings, secret: bytes) -> StreamKeys:
    """The stream keys of the installation in `folder`: SRT's are apart with a passphrase."""
    return StreamKeys(secret, folder.renewed, srt_apart=bool(settings.srt.passphrase))


def _read(text: str) -> Mapping[Place, int]:
    found: dict[Place, int] = {}
    for line in text.splitlines():
        match line.split():
            case [channel, slot, number] if number.isdigit():
                found[channel, slot] = max(found.get((channel, slot), 0), int(number))
    return found
