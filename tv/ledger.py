"""What a channel's timeline must remember from one run of media to the next."""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec


class Page(msgspec.Struct, frozen=True):
    """`origin`: the broadcast time that is 0 in the segments. `epoch`: which run of media this is.

    `msn` is the next number that nobody has used, `discontinuity` the last one that somebody has.
    `until` is when the last part that viewers may have ends; 0.0 before the first. `chosen` is what
    the crew wants on air.
    """

    origin: float
    epoch: int = 0
    msn: int = 1  # hls.js asks for the parts of a segment numbered 0 for ever
    discontinuity: int = 0
    until: float = 0.0
    chosen: str = "auto"


@dataclass
class Ledger:
    """One page in one file, written before a number is used: a kill never has one used twice.

    The epoch outlives a power cut too, so that no two segments ever have one name.
    """

    page: Page
    _file: int

    @classmethod
    def open(cls, path: Path, now: float) -> "Ledger":
        """Turn to a new epoch of the channel whose page is at `path` (made when missing)."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            page = msgspec.json.decode(os.pread(file, 4096, 0), type=Page)
        except ValueError:  # msgspec's own, or a text's that is no UTF-8
            # Whole seconds keep the times in segments and captions readable. Browsers keep segments
            # for a day: in a new folder, at the same address, epochs must not begin at 1 again.
            page = Page(origin=float(int(now)), epoch=int(now))
        ledger = cls(page, file)
        ledger._turn(epoch=page.epoch + 1)
        os.fsync(file)
        return ledger

    def next_msn(self) -> int:
        """Take the next media sequence number."""
        msn = self.page.msn
        self._turn(msn=msn + 1)
        return msn

    def next_discontinuity(self) -> int:
        """Count one more discontinuity; return how many there have been."""
        self._turn(discontinuity=self.page.discontinuity + 1)
        return self.page.discontinuity

    def reach(self, until: float) -> None:
        """Note that viewers are about to have what is shown before `until`."""
        self._turn(until=until)

    def choose(self, slot: str) -> None:
        """Note what the crew wants on air."""
        self._turn(chosen=slot)

    def close(self) -> None:
        os.close(self._file)

    def _turn(self, **changes: float | str) -> None:
        self.page = msgspec.structs.replace(self.page, **changes)
        # Fixed length and one write: a kill leaves the old page or the new one.
        os.pwrite(self._file, msgspec.json.encode(self.page).ljust(256) + b"\n", 0)
