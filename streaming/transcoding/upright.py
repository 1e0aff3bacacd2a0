"""Decoded pictures the right way up, and in whole frames: what no encoder would put right."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
from av.filter import Graph

from streaming.errors import UnsupportedMedia
from streaming.transcoding.encoder import TICKS

# By the degrees that a picture is to be turned, counterclockwise.
TURNS = {0: "", 90: "transpose=cclock", 180: "hflip,vflip", 270: "transpose=clock"}
WEAVE = "yadif=deint=interlaced"  # only the frames that say that they are


class Upright:
    """Turns pictures as their stream says, and makes frames of fields. Most pass untouched.

    A stream tells at a keyframe how it is to be turned. Once a frame was interlaced, those of its
    size go through the filter, which keeps one back.
    """

    def __init__(self) -> None:
        self.turned = False  # whether width and height have changed places
        self._turn = 0
        self._interlaced = False
        self._graph: Any = None
        self._shape: tuple[Any, ...] = ()

    def put(self, frame: Any) -> Iterator[Any]:
        """Take a frame whose time is in `TICKS`, and yield those that are ready, with theirs."""
        if frame.key_frame:
            self._turn = round(frame.rotation / 90) * 90 % 360
            self.turned = self._turn % 180 == 90
        self._interlaced = self._interlaced or bool(frame.interlaced_frame)
        steps = [WEAVE] * self._interlaced + [TURNS[self._turn]] * bool(self._turn)
        if not steps:
            yield frame
            return
        shape = (frame.width, frame.height, frame.format.name, ",".join(steps))
        try:
            if self._shape != shape:
                self._graph, self._shape = _graph(*shape), shape
            frame.time_base = Fraction(1, TICKS)
            self._graph.push(frame)
            yield from self._ready()
        except (av.error.FFmpegError, ValueError) as error:
            raise UnsupportedMedia(f"a picture that cannot be put upright: {error}") from error

    def _ready(self) -> Iterator[Any]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pts = round(frame.pts * frame.time_base * TICKS)
            yield frame


def _graph(width: int, height: int, pixels: str, steps: str) -> Any:
    graph: Any = Graph()
    last = graph.add_buffer(width=width, height=height, format=pixels, time_base=Fraction(1, TICKS))
    for step in steps.split(","):
        name, _, options = step.partition("=")
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
