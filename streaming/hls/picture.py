"""Another quality of the picture: cut where the source is, once its own frames have come."""

import math
from collections import deque
from collections.abc import Callable
from typing import Literal

from streaming import aac, h264
from streaming.hls import fmp4
from streaming.hls.cutter import HOLE
from streaming.hls.runs import SOUND_CONFIG, picture_run
from streaming.hls.steps import Close, Open, Part, Step
from streaming.hls.writer import Writer
from streaming.packet import Packet

PATIENCE = 3.0  # seconds of the source for which frames that are being made are waited for
GAPS = 3  # segments in a row that may lack their frames before the rendition is given up
EDGE = 0.0005  # seconds: a frame that is shown at a cut belongs to what comes next
HELD = 600  # frames that wait for the source's steps


class Picture:
    """Frames without B-frames, at the source's own times, with keyframes where the source has them.

    Steps and frames come each when they do. What a step needs is waited for while frames are
    `coming`, for `PATIENCE`; a segment without its frames ends where the source's does all the
    same, as a gap. After `GAPS` of them the rendition has stopped, until a segment begins that has
    its keyframe.
    """

    def __init__(self, writer: Writer, origin: float, coming: Callable[[], bool]) -> None:
        self._writer = writer
        self._origin = origin
        self._coming = coming
        self._steps: deque[Step] = deque()  # of the last seconds: see _ready
        self._frames: deque[Packet] = deque(maxlen=HELD)
        self._newest = self._reached = -math.inf  # when the last frame and the last step are shown
        self._config = b""
        self._gaps = 0
        # "whole": all its frames so far; "broken": none from somewhere on; "off": not announced.
        self._segment: Literal["whole", "broken", "off"] = "off"

    @property
    def on(self) -> bool:
        """Whether the segment that is being made has its frames."""
        return self._segment == "whole"

    def take(self, step: Step) -> None:
        """Take the source's next step."""
        self._steps.append(step)
        self._reached = max(self._reached, step.shown)
        self.advance()

    def add(self, packet: Packet) -> None:
        """Take the next frame. Those that go back in time are left out."""
        if packet.pts > self._newest:
            self._newest = packet.pts
            self._frames.append(packet)
            self.advance()

    def advance(self) -> None:
        """Carry out the steps whose frames are there, or will not come in time."""
        while self._steps and self._ready(self._steps[0]):
            match step := self._steps.popleft():
                case Open():
                    self._open(step)
                case Part():
                    self._part(step)
                case Close() if self._segment != "off":
                    self._writer.close(step.until)

    def stop(self) -> None:
        """Announce nothing more, until a segment begins that has its keyframe."""
        if self._segment != "off":
            self._segment, self._config = "off", b""
            self._writer.stop()

    def _ready(self, step: Step) -> bool:
        if isinstance(step, Close) or self._has(step):
            return True
        return not self._coming() or self._reached - step.shown > PATIENCE

    def _has(self, step: Step) -> bool:
        """Whether all frames before this step have come."""
        return self._newest > step.shown - EDGE

    def _open(self, step: Open) -> None:
        _take(self._frames, step.shown)
        first = self._frames[0] if self._frames else None
        if first is not None and self._begins(first, step):
            if first.config != self._config:
                self._announce_init(first.config)
            self._segment, self._gaps = "whole", 0
        elif self._segment != "off" and self._gaps < GAPS:
            self._segment, self._gaps = "broken", self._gaps + 1
        else:
            self.stop()
            return
        self._writer.open(step)

    def _begins(self, first: Packet, step: Open) -> bool:
        """Whether players can go on from this frame into the segment."""
        if first.key and first.config:
            return first.pts < step.shown + EDGE or not step.key
        return not step.key and self._segment == "whole"

    def _part(self, step: Part) -> None:
        if not self._has(step) and self._segment == "whole":
            self._segment = "broken"
        frames = _take(self._frames, step.shown)
        if self._segment != "whole":
            return
        runs = [step.sound] if step.sound else []
        if frames:
            runs.insert(0, picture_run(frames, self._end(frames[-1], step), self._origin))
        self._writer.part(step.until, runs, independent=bool(frames) and frames[0].key)

    def _end(self, last: Packet, step: Part) -> float:
        """Until when the last picture of a part is shown."""
        following = self._frames[0]  # or the part would not be ready
        if following.config != last.config or following.pts - last.pts > HOLE:
            return step.shown
        return following.pts

    def _announce_init(self, config: bytes) -> None:
        self._config = config
        info = h264.parse_sps(h264.parameter_sets(config)[0][0])
        codecs = f"{h264.codec_string(config)},{aac.codec_string(SOUND_CONFIG)}"
        data = fmp4.init_section(config, SOUND_CONFIG)
        self._writer.init(data, codecs, info.width, info.height)


def _take(frames: deque[Packet], shown: float) -> list[Packet]:
    """Take the frames that are shown before then."""
    taken = []
    while frames and frames[0].pts < shown - EDGE:
        taken.append(frames.popleft())
    return taken
