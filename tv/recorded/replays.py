"""What of a talk can be seen again, and by whom: decided here for all that a replay consists of."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from captions.cues import Cue
from captions.written.spoken import within
from engagement.talks import Talk
from streaming.hls.replay import Timeline
from streaming.recording.index import Recorded, RecordedInit
from tv.auth import Identity
from tv.captioning.access import sees_unpublished
from tv.follower import Follower
from tv.problems import Problem
from tv.recorded.cutting import Cutting
from tv.recorded.laid_out import LaidOut, LaidOuts
from tv.recorded.recordings import Recordings

SETTLED = 12.0  # seconds after its end mark when nothing more of a replay is waited for
LOOK_AGAIN = 0.5  # seconds between two looks at what is recorded; when all is there, ten times that
KEPT = 32  # replays in memory; each is some hundred bytes a segment, and two segments


@dataclass(frozen=True, eq=False)
class Replay:
    """A talk as it can be seen again.

    `segments`, of which there is one at least, are what was recorded between the marks; of those at
    the edges, what `cut` has. `complete`: nothing more will come. `version` is another when
    anything of this is.
    """

    channel: str
    segments: Sequence[Recorded]
    cut: Mapping[str, bytes]
    inits: Mapping[str, RecordedInit]
    complete: bool
    frame_rate: float
    version: str
    timeline: Timeline
    by_name: Mapping[str, Recorded]

    @property
    def start(self) -> float:
        """When its first picture was shown, on the broadcast clock."""
        return self.segments[0].start

    @property
    def end(self) -> float:
        return self.segments[-1].end


@dataclass
class _Known:
    """What was last made for a talk, of what, and when that was looked up."""

    replay: Replay | None = None
    of: tuple[tuple[float, float], list[Recorded], bool] | None = None
    looked: float = field(default=float("-inf"))


class Replays:
    """The replays of all talks. `now` is the broadcast clock."""

    def __init__(
        self,
        recordings: Recordings,
        follower: Follower,
        laid_out: LaidOuts,
        now: Callable[[], float],
    ) -> None:
        self.recordings = recordings
        self._follower = follower
        self._now = now
        self._known: dict[str, _Known] = {}  # by talk; the last asked for goes last
        self._laid_out = laid_out

    def find(self, talk: str, who: Identity) -> Talk:
        """The talk, if `who` may see its replay now. Raises Problem.

        Who may not cannot tell whether there is one. Nothing of a replay is served without having
        asked here.
        """
        found = self._follower.audience.talks.by_id.get(talk)
        if found is None or found.marks is None or not may_see(found, who):
            raise absent()
        return found

    async def show(self, talk: Talk) -> Replay:
        """What there is of it now. Raises Problem: 404 when nothing was recorded, 503 not yet."""
        if (marks := talk.marks) is None:
            raise absent()
        known = self._known.pop(talk.id, None) or _Known()
        self._known[talk.id] = known
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        pause = 10 * LOOK_AGAIN if known.replay and known.replay.complete else LOOK_AGAIN
        looked = time.monotonic()
        if known.of is None or known.of[0] != marks or looked - known.looked > pause:
            whole = await self.recordings.between(talk.channel, *marks)
            complete = bool(whole) and whole[-1].end >= marks[1]
            of = (marks, whole, complete or self._now() > marks[1] + SETTLED)
            replay = known.replay if of == known.of else await self._made(talk.channel, *of)
            known.of, known.replay, known.looked = of, replay, looked
        else:
            replay = known.replay
        if replay is None:
            raise _missing(marks[1] + SETTLED > self._now())
        return replay

    def cues(
        self, replay: Replay, start: float | None = None, end: float | None = None
    ) -> list[Cue]:
        """Its captions in their newest revision; of those at its edges, the words inside.

        With `start` and `end`, those that show in between.
        """
        start, end = start or replay.start, end or replay.end
        shown = self._follower.cues(replay.channel, start, end)
        return within(shown, replay.start, replay.end)

    async def laid_out(self, replay: Replay) -> LaidOut:
        """The same, laid out when they are other cues than last time."""
        return await self._laid_out.of((replay.channel, replay.version), self.cues(replay))

    async def _made(
        self, channel: str, marks: tuple[float, float], whole: Sequence[Recorded], complete: bool
    ) -> Replay | None:
        """None when nothing of what was recorded can be shown."""
        inits: dict[str, RecordedInit] = {}
        for name in {segment.init for segment in whole}:
            if (init := await self.recordings.init(channel, name, *marks)) is not None:
                inits[name] = init
        cutting = Cutting(self.recordings, channel, inits, marks)
        segments = await cutting.apply([each for each in whole if each.init in inits])
        if not segments:
            return None
        edges = f"{segments[0].name}-{segments[-1].name}-{len(segments)}"
        return Replay(
            channel,
            segments,
            cutting.cut,
            inits,
            complete,
            await cutting.frame_rate(segments[0]),
            f"{_ms(marks[0])}-{_ms(marks[1])}-{edges}-{'whole' if complete else 'growing'}",
            Timeline(segments),
            {segment.name: segment for segment in segments},
        )


def absent() -> Problem:
    """The same for a replay that is not there and for one that is not shown to who asks."""
    return Problem(
        404,
        "unknown-replay",
        "Replay introuvable",
        "Cette intervention n’a pas de replay, ou il n’est pas encore en ligne.",
    )


def _missing(yet: bool) -> Problem:
    if yet:
        return Problem(
            503,
            "not-recorded-yet",
            "Enregistrement en cours",
            "La fin de l’intervention s’enregistre. Réessayez dans une seconde.",
            retry_after=1,
        )
    return Problem(
        404, "no-recording", "Pas d’enregistrement", "Rien n’a été enregistré à ce moment."
    )


def may_see(talk: Talk, who: Identity) -> bool:
    """Whether somebody may see again, or read, what was said in a talk that is over."""
    return talk.state == "replay" or sees_unpublished(talk, who)


def _ms(time: float) -> int:
    return round(1000 * time)
