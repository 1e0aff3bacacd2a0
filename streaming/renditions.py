"""A channel's other qualities: jobs of the ladder, the lowest first and kept longest."""

from collections.abc import Callable, Sequence

from streaming.feed import Feed
from streaming.h264 import parameter_sets, parse_sps
from streaming.hls.picture import Picture
from streaming.hls.renditions import LINES
from streaming.hls.writer import Writer
from streaming.ladder import Ladder
from streaming.link import RenditionState
from streaming.packet import Packet
from streaming.rung import Rung

FRAME_RATE = 30.0  # per second, at most
LONGEST_REST = 600.0  # seconds before one that the machine could not follow is tried again
LONGEST_SLATE = 60.0  # seconds of it that are encoded: a studio that is away for a moment returns

SLOW = "cette machine n’arrive pas à l’encoder assez vite\u202f; elle réessaiera d’elle-même"
UNREADABLE = "l’image de la source n’a pas pu être lue"
NO_ROOM = (
    "cette machine n’a plus de place pour encoder ([ladder] jobs), ou sert d’abord ce qui est "
    "plus pressé"
)


class Quality:
    """One of them: its way through the ladder, and what is cut of what comes out."""

    def __init__(
        self, name: str, channel: str, ladder: Ladder, writer: Writer, origin: float
    ) -> None:
        self.name = name
        self.lines = LINES[name]
        self.wanted = True  # it is less than the source
        self.rung = Rung(
            ladder,
            f"{channel} {name}",
            heights=[self.lines],
            frame_rate=FRAME_RATE,
            on_packet=self._take,
            on_lost=self._lose,
            spare=self.lines,  # of two, the taller gives way
            rendition=True,
            longest_rest=LONGEST_REST,
        )
        self.picture = Picture(writer, origin, lambda: self.rung.busy)

    def _take(self, packet: Packet) -> None:
        self.picture.add(packet)

    def end(self) -> None:
        """Make no more of it: players take another quality at once."""
        self.rung.end()
        self.picture.stop()

    def _lose(self) -> None:
        if self.rung.failure is None:
            self.picture.advance()  # it may be back in a moment
        else:
            self.picture.stop()


class Renditions:
    """Gives what is on air to the ladder, once for each quality that is less than it.

    One begins only beside those below it: on a machine that does not follow, the lowest is the last
    to go and the first to return. They begin with a studio; when the slate has been on air for long
    (`slate`, in seconds; 0: it is not), they end. `make_writer` makes what announces a quality.
    """

    def __init__(
        self,
        names: Sequence[str],
        channel: str,
        ladder: Ladder,
        make_writer: Callable[[str], Writer],
        origin: float,
        slate: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._ladder = ladder
        self._slate = slate
        self._config = b""
        self._lowest_first = [
            Quality(name, channel, ladder, make_writer(name), origin)
            for name in sorted(names, key=LINES.__getitem__)
        ]

    @property
    def pictures(self) -> list[Picture]:
        """What has to be told of the source's steps."""
        return [quality.picture for quality in self._lowest_first]

    async def run(self, feed: Feed) -> None:
        """Follow what is on air until it is closed."""
        try:
            async for packet in feed.video.follow():
                self.put(packet)
        finally:
            for quality in self._lowest_first:
                quality.rung.end()

    def put(self, packet: Packet) -> None:
        """Take a frame of what is on air, in decoding order."""
        if packet.key and packet.config != self._config:
            self._config = packet.config
            height = parse_sps(parameter_sets(packet.config)[0][0]).height
            for quality in self._lowest_first:
                quality.wanted = quality.lines < height
        slate = self._slate()
        beside_those_below = True
        for quality in self._lowest_first:
            if not quality.wanted or slate > LONGEST_SLATE:
                quality.end()
            elif quality.rung.busy or (beside_those_below and not slate):
                beside_those_below = quality.rung.put(packet, "h264")

    def states(self) -> list[RenditionState]:
        """How each of them does, the best first, for the crew."""
        return [
            RenditionState(quality.name, quality.picture.on, self._why_not(quality))
            for quality in reversed(self._lowest_first)
            if quality.wanted
        ]

    def failures(self) -> list[str]:
        """What the crew should know even if it does not ask: what the machine cannot follow."""
        return [
            self._why_not(quality)
            for quality in self._lowest_first
            if quality.wanted and quality.rung.failure and not quality.rung.busy
        ]

    def _why_not(self, quality: Quality) -> str:
        """Why it is not there, in French; "" when it is, or soon will be."""
        failure = quality.rung.failure
        if quality.rung.busy:
            return ""
        if failure is not None:
            why = SLOW if failure.why == "slow" else UNREADABLE
        elif self._ladder.room or self._ladder.coming:
            return ""
        else:
            why = NO_ROOM
        return f"La qualité {quality.name} est arrêtée\u00a0: {why}."
