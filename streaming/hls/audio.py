"""The rendition without a picture: the channel's sound alone, which costs next to nothing."""

from streaming import aac
from streaming.hls import fmp4
from streaming.hls.runs import SOUND_CONFIG
from streaming.hls.steps import Close, Open, Part, Step
from streaming.hls.writer import Writer


class Audio:
    """Takes every step at once: a step brings its sound."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._discontinuity: int | None = None

    def take(self, step: Step) -> None:
        match step:
            case Open():
                if step.discontinuity != self._discontinuity:
                    self._discontinuity = step.discontinuity
                    data = fmp4.init_section(None, SOUND_CONFIG)
                    self._writer.init(data, aac.codec_string(SOUND_CONFIG))
                self._writer.open(step)
            case Part(until, _, sound):
                self._writer.part(until, [sound] if sound else [], independent=True)
            case Close(until):
                self._writer.close(until)
