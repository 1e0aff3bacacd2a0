"""The playlist of playlists (RFC 8216bis, 4.4.6) of a channel and its renditions, measured."""

import statistics
from collections.abc import Mapping, Sequence

from streaming.hls import fmp4, playlist, tags
from streaming.hls.renditions import in_step
from streaming.hls.window import InitAdded, Segment, Window

SOURCE = ""  # the rendition that is what the studio sent; its playlists are in the channel's folder
CAPTIONS = 10_000  # bits per second that subtitles may add, at the very most
MEASURED = 8  # segments whose pictures are counted
SHORTEST = 1.0  # seconds of a segment that tells anything about that
USUAL = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0)

SUBTITLES = (
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Français",LANGUAGE="fr",'
    "DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,"
    'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog",'
    'URI="subtitles.m3u8"'
)


def offered(renditions: Mapping[str, Window], *, synchronised: bool = False) -> list[str]:
    """The names of the renditions that can be played now, in the order given, `SOURCE` first.

    One that has stopped, or falls behind, is left out until it is there again.
    """
    source = renditions[SOURCE]
    return [
        name
        for name, window in renditions.items()
        if name == SOURCE
        or (in_step(source, window) and playlist.ready(window, synchronised=synchronised))
    ]


def multivariant(
    renditions: Mapping[str, Window],
    *,
    synchronised: bool = False,
    media: str = "",
) -> str:
    """One variant for each rendition that is offered.

    `synchronised`: with captions that show when they are heard. `media` names the playlist of each
    rendition, when it is neither of the live ones.
    """
    media = media or ("sync-media.m3u8" if synchronised else "media.m3u8")
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{tags.VERSION}"]
    if synchronised:
        lines.append(SUBTITLES)
    for name in offered(renditions, synchronised=synchronised):
        init = renditions[name].init
        if init is not None:
            lines.append(_variant(init, renditions[name], synchronised))
            lines.append(f"{name}/{media}" if name else media)
    return tags.text(lines)


def frame_rate(segments: Sequence[Segment]) -> float:
    """Pictures per second of most of the newest whole segments of one kind; 0.0: there are none.

    Clocks of studios count in milliseconds: what is next to a usual rate is that.
    """
    whole = [each for each in segments if each.duration and each.parts]
    rates = [
        sum(fmp4.pictures(part.data) for part in each.parts) / each.length
        for each in whole[-MEASURED:]
        if each.opened.init == whole[-1].opened.init and each.length >= SHORTEST
    ]
    if not rates:
        return 0.0
    rate = statistics.median(rates)
    usual = min(USUAL, key=lambda each: abs(each - rate))
    return usual if abs(usual - rate) < 0.01 * usual else rate


def _variant(init: InitAdded, window: Window, synchronised: bool) -> str:
    extra = CAPTIONS if synchronised else 0
    peak, mean = (max(1, round(rate)) + extra for rate in window.bandwidth)
    attributes = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={mean}",
        f'CODECS="{init.codecs}"',
    ]
    if init.width and init.height:
        attributes.append(f"RESOLUTION={init.width}x{init.height}")
        if rate := frame_rate(window.listed()):
            attributes.append(f"FRAME-RATE={rate:.3f}")
    attributes.append("CLOSED-CAPTIONS=NONE")
    if synchronised:
        attributes.append('SUBTITLES="captions"')
    return "#EXT-X-STREAM-INF:" + ",".join(attributes)
