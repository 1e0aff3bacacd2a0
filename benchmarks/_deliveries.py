"""What came to whom: headers of RTP as viewers noted them, and what follows from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks._datagrams import Inbox
from benchmarks._screens import VIDEO

DIRECT = 0xFFFF  # the place of a socket that is written to directly, beside all screens
EDGE = 100_000_000  # ns at both ends of a count: frames there may be counted by some and not others

_RECORD = np.dtype([("place", "u2"), ("size", "u2"), ("head", "u1", 12), ("time", "i8")])
Records = npt.NDArray[np.void]
Answer = dict[str, Any]


class Notes:
    """Headers of what came, while they are wanted: bounded by the time that one counts."""

    def __init__(self) -> None:
        self.wanted = False
        self._records: Records = np.zeros(1 << 16, _RECORD)
        self._count = 0

    def begin(self) -> None:
        self._count, self.wanted = 0, True

    def add(self, place: int, inbox: Inbox, count: int) -> None:
        end = self._count + count
        if end > len(self._records):
            self._records = np.concatenate((self._records, np.zeros_like(self._records)))
        new = self._records[self._count : end]
        new["place"], new["size"] = place, inbox.lengths(count)
        new["head"], new["time"] = inbox.data[:count, :12], inbox.times(count)
        self._count = end

    def end(self) -> Records:
        self.wanted = False
        found = self._records[: self._count]
        head = found["head"]
        return found[(head[:, 0] >> 6 == 2) & ((head[:, 1] < 192) | (head[:, 1] > 223))]


def delivery(records: Records, places: Sequence[int], began: int, ended: int) -> Answer:
    """What all got of what anybody got, between two moments.

    A frame is delivered when its last packet came; packets before it that are missing are counted
    apart. Numbers are expected from each viewer's first to its last, so that order does not matter.
    """
    head = records["head"]
    numbers = head[:, 2].astype(np.int64) << 8 | head[:, 3]
    kinds = head[:, 1] & 127
    marked = (kinds == VIDEO) & (head[:, 1] > 127) & (records["place"] != DIRECT)
    inside = (records["time"] >= began) & (records["time"] < ended)
    frames, got_frames = _frames(records[marked], places, began, ended)
    lost = got = again = size = 0
    for place in places:
        mine = records["place"] == place
        for kind in np.unique(kinds[mine]).tolist():
            these = np.unwrap(numbers[mine & (kinds == kind)], period=0x10000)
            different = len(np.unique(these))
            lost += int(these.max() - these.min()) + 1 - different
            got += different
            again += len(these) - different
        size += int(records["size"][mine & inside].sum())
    seconds = (ended - began) / 1e9
    return {
        "frames": frames,
        "frames_missed": sum(frames - each for each in got_frames),
        "frames_of_the_worst": min(got_frames, default=0) / max(1, frames),
        "packets": got,
        "packets_lost": lost,
        "packets_twice": again,
        "packets_per_second": int(inside.sum()) / max(1, len(places)) / seconds,
        "megabits_per_second": size * 8 / max(1, len(places)) / seconds / 1e6,
    }


def gaps(records: Records, places: Sequence[int], began: int, ended: int, silence: float) -> Answer:
    """The longest time without a whole picture that any viewer had, and how many had none at the
    end."""
    head = records["head"]
    marked = records[(head[:, 1] > 127) & (head[:, 1] & 127 == VIDEO)]
    longest, silent = 0.0, 0
    for place in places:
        mine = np.sort(marked["time"][marked["place"] == place])
        times = np.concatenate(([began], mine, [ended]))
        longest = max(longest, float(np.diff(times).max()) / 1e9)
        silent += bool(ended - times[-2] > silence * 1e9)
    return {"longest_gap_s": round(longest, 2), "silent": silent}


def _frames(
    marked: Records, places: Sequence[int], began: int, ended: int
) -> tuple[int, list[int]]:
    """How many frames anybody got in that time, its edges left out, and how many of them each."""
    by_place = {}
    for place in places:
        mine = marked[marked["place"] == place]
        by_place[place] = mine["time"], _stamps(mine).astype(np.int64)
    times, stamps = max(by_place.values(), key=lambda each: len(each[0]), default=(None, None))
    if times is None or not len(times):
        return 0, [0] * len(places)
    earliest: dict[int, int] = {}
    got = []
    for at, mine in by_place.values():
        if len(mine) and not np.isin(mine, stamps).any():
            # Each viewer has stamps of its own: what most frames are off by tells which is which.
            nearest = np.abs(times[:, None] - at[None, :]).argmin(axis=1)
            off, votes = np.unique((mine[nearest] - stamps) & 0xFFFFFFFF, return_counts=True)
            mine = (mine - off[votes.argmax()]) & 0xFFFFFFFF
        got.append(set(mine.tolist()))
        for stamp, moment in zip(mine.tolist(), at.tolist(), strict=True):
            earliest[stamp] = min(moment, earliest.get(stamp, moment))
    counted = {stamp for stamp, at in earliest.items() if began + EDGE <= at < ended - EDGE}
    return len(counted), [len(counted & each) for each in got]


def _stamps(records: Records) -> npt.NDArray[np.uint32]:
    stamps = np.ascontiguousarray(records["head"][:, 4:8]).view(">u4").ravel()
    return stamps.astype(np.uint32)


def arrivals(records: Records) -> dict[str, list[int]]:
    """When each frame's last packet came to each, in ns, by its stamp; "direct N": directly."""
    head = records["head"]
    direct = records["place"] == DIRECT
    marked = records[(head[:, 1] > 127) & ((head[:, 1] & 127 == VIDEO) | direct)]
    found: dict[str, list[int]] = {}
    for stamp, place, at in zip(
        _stamps(marked).tolist(), marked["place"].tolist(), marked["time"].tolist(), strict=True
    ):
        found.setdefault(f"direct {stamp}" if place == DIRECT else str(stamp), []).append(at)
    return found
