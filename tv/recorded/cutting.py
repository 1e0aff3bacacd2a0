"""The first and the last segment of a replay, cut to its marks."""

import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from streaming.archive.boxes import Unreadable
from streaming.archive.fragments import PICTURE, read_runs
from streaming.recording.index import Recorded, RecordedInit
from streaming.recording.trim import Trimmed, trim
from tv.problems import Problem
from tv.recorded.recordings import Recordings

logger = logging.getLogger(__name__)

TRIED = 32  # segments without a keyframe at the beginning, after which there is no replay


@dataclass
class Cutting:
    """`cut` are the bytes of the segments that were cut, by name."""

    recordings: Recordings
    channel: str
    inits: Mapping[str, RecordedInit]
    marks: tuple[float, float]
    cut: dict[str, bytes] = field(default_factory=dict)

    async def apply(self, segments: Sequence[Recorded]) -> list[Recorded]:
        """What of `segments` lies between the marks, from a keyframe on. Raises Problem (503)."""
        return await self._ended(await self._begun(list(segments)))

    async def frame_rate(self, segment: Recorded) -> float:
        """Pictures per second; 0.0 when its file cannot be read. Raises Problem (503)."""
        try:
            data = self.cut.get(segment.name) or await self._read(segment)
            runs = read_runs(io.BytesIO(data))
            count = sum(len(run.frames) for run in runs if run.track == PICTURE)
        except Unreadable:
            return 0.0
        return count / segment.duration

    async def _begun(self, segments: list[Recorded]) -> list[Recorded]:
        start, _ = self.marks
        for index, segment in enumerate(segments[:TRIED]):
            if segment.start >= start and segment.independent:
                return segments[index:]
            if (piece := await self._piece(segment, follows=False)) is not None:
                return [piece, *segments[index + 1 :]]
        return []

    async def _ended(self, segments: list[Recorded]) -> list[Recorded]:
        _, end = self.marks
        if not segments or segments[-1].end <= end or segments[-1].name in self.cut:
            return segments
        piece = await self._piece(segments[-1], follows=len(segments) > 1)
        return segments[:-1] if piece is None else [*segments[:-1], piece]

    async def _piece(self, segment: Recorded, *, follows: bool) -> Recorded | None:
        """What is left of a segment; None when nothing is, or its file was harmed."""
        try:
            trimmed = await self._trimmed(segment, follows=follows)
        except Unreadable as error:
            logger.warning("replay: segment %s: %s", segment.name, error)
            return None
        if trimmed is None:
            return None
        self.cut[segment.name] = trimmed.data
        ends = segment.end if segment.end <= self.marks[1] else trimmed.start + trimmed.duration
        return replace(
            segment,
            start=trimmed.start,
            duration=ends - trimmed.start,
            size=len(trimmed.data),
            independent=segment.independent or not follows,
        )

    async def _trimmed(self, segment: Recorded, *, follows: bool) -> Trimmed | None:
        data = await self._read(segment)
        try:
            init = await self.recordings.read_init(self.channel, segment.init, *self.marks)
        except Problem as problem:
            raise _unreadable(problem) from problem
        return trim(data, init, self.inits[segment.init].origin, *self.marks, follows=follows)

    async def _read(self, segment: Recorded) -> bytes:
        try:
            return await self.recordings.read(self.channel, segment)
        except Problem as problem:
            raise _unreadable(problem) from problem


def _unreadable(problem: Problem) -> Exception:
    """A file that is gone is as good as harmed; a disk that is busy is another matter."""
    return Unreadable("its file is gone") if problem.status == 404 else problem
