"""`/metrics` for Prometheus: how media, the channels, their sources and restreams do.

What is here was told by media to every web process alike, or is in the store, so it does not
matter which of them answers. What each counts by itself has a `worker`, its process id: that its
loop stood still, and which words came too late for its files of HLS. Names are channels', slots'
and restreams' of the settings; neither keys, addresses nor people are in it.

It is for programs on this machine, and for passes of administrators and nodes: figures say who is
on air, and when the studio is weak. An address of this machine is enough only while no proxy stands
in front, whose every visitor would seem to come from here.
"""

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from streaming import peers
from streaming.link import ChannelState, SourceState
from tv.airing import Airing
from tv.auth import Role, identity
from tv.captioning.metrics import Written
from tv.captioning.quality import Board
from tv.stalls import stalls
from tv.upstream import Upstream

WORKER = str(os.getpid())
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")  # what proxies add

# Of each source: name, what it is, and its value.
_GAUGES = (
    ("bits_per_second", "picture and sound that arrive", lambda it: it.bitrate),
    ("frames_per_second", "pictures that arrive", lambda it: it.frame_rate),
    ("announced_frames_per_second", "by the publisher's own word", lambda it: it.announced_rate),
    ("keyframe_interval_seconds", "between keyframes", lambda it: it.keyframe_interval),
    ("height_pixels", "of the picture", lambda it: it.height),
    ("drift_seconds", "by which it is late", lambda it: it.drift),
    ("round_trip_seconds", "to the publisher and back", lambda it: it.round_trip),
    ("black_seconds", "for which its picture has been black", lambda it: it.black),
    ("frozen_seconds", "for which its picture has stood still", lambda it: it.frozen),
    ("silent_seconds", "for which its sound has been silent", lambda it: it.silent),
    ("advice", "sentences told to the crew about it", lambda it: len(it.advice)),
)
_COUNTERS = (
    ("bytes", "picture and sound received, by this publisher", lambda it: it.received),
    ("frames", "pictures received, by this publisher", lambda it: it.frames),
    ("lost_packets", "packets that the network lost", lambda it: it.lost),
)


def routes(
    upstream: Upstream, airing: Airing, board: Board, late: Mapping[str, int], public_url: str
) -> list[BaseRoute]:
    """`late` are the words that came too late for their file of HLS, by channel."""
    registry = CollectorRegistry()
    registry.register(Told(upstream, airing))
    registry.register(captions := Written(late, WORKER))

    async def metrics(request: Request) -> Response:
        if public_url or not from_here(request):
            identity(request).must_be(Role.ADMIN, Role.NODE)
        channels = [item["id"] for item in airing.every("channels", crew=True)]
        told = await asyncio.gather(*map(board.told, channels))
        captions.told = dict(zip(channels, told, strict=True))
        return answer(request, registry)

    return [Route("/metrics", metrics)]


def answer(request: Request, registry: CollectorRegistry) -> Response:
    """The figures in the format that Prometheus asks for."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    headers = {"content-type": content_type, "cache-control": "no-store"}
    return Response(encode(registry), headers=headers)


def from_here(request: Request) -> bool:
    """Whether a program of this machine asks by itself."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    address = peers.read(request.client.host)
    return address is not None and address.is_loopback


class Told(Collector):
    """What media has told, as Prometheus takes it."""

    def __init__(self, upstream: Upstream, airing: Airing) -> None:
        self._upstream = upstream
        self._airing = airing

    def describe(self) -> Iterator[Metric]:
        return iter(())  # families depend on nothing, but values do: there is nothing to check

    def collect(self) -> Iterator[Metric]:
        yield from of_media(self._upstream)
        still = CounterMetricFamily(
            "fabrique_web_loop_stalls", "times that a web process stood still", labels=["worker"]
        )
        still.add_metric([WORKER], stalls.count)
        yield still
        refused = CounterMetricFamily(
            "fabrique_ingest_refused", "publishers sent away", labels=["reason"]
        )
        for reason, count in self._upstream.said.refused.items():
            refused.add_metric([reason], count)
        yield refused
        states = list(self._upstream.states.values()) if self._upstream.connected.is_set() else []
        yield from _channels(states)
        yield from _sources(states)
        yield from _recordings(states)
        yield from self._audience()
        yield from self._restreams()

    def _audience(self) -> Iterator[Metric]:
        viewers = GaugeMetricFamily("fabrique_viewers", "pages and players", labels=["channel"])
        captions = GaugeMetricFamily(
            "fabrique_caption_worker_up", "whether captions come", labels=["channel"]
        )
        for item in self._airing.every("channels", crew=True):
            viewers.add_metric([item["id"]], item["viewers"])
            if item["captions"] != "off":
                captions.add_metric([item["id"]], item["captions"] != "interrupted")
        yield viewers
        yield captions

    def _restreams(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "fabrique_restream_up", "whether one that was started is on", labels=["restream"]
        )
        dropped = CounterMetricFamily(
            "fabrique_restream_dropped_frames", "frames not sent", labels=["restream"]
        )
        for name, state in self._upstream.restreams.items():
            if state.state != "off":
                up.add_metric([name], state.state == "on")
            dropped.add_metric([name], state.dropped)
        yield up
        yield dropped


def of_media(upstream: Upstream) -> Iterator[Metric]:
    """How whoever sends to WebRTC viewers does, media or an edge."""
    yield InfoMetricFamily("fabrique_build", "This program", {"version": version("fabrique-tv")})
    yield _gauge("fabrique_media_up", "whether media answers", upstream.connected.is_set())
    late = upstream.said.late
    yield _gauge("fabrique_media_loop_late_seconds", "of a timer of media's loop", late)
    away = CounterMetricFamily("fabrique_whep_refused", "viewers sent away", labels=["reason"])
    for reason, count in upstream.said.viewers_refused.items():
        away.add_metric([reason], count)
    yield away
    datagrams = CounterMetricFamily(
        "fabrique_webrtc_datagrams", "what became of those to its port", labels=["as"]
    )
    for what, count in upstream.said.datagrams.items():
        datagrams.add_metric([what], count)
    yield datagrams
    held = GaugeMetricFamily(
        "fabrique_webrtc_held", "what comes and goes with its viewers", labels=["what"]
    )
    for what, count in upstream.said.held.items():
        held.add_metric([what], count)
    yield held


def sessions(states: Iterable[ChannelState]) -> Metric:
    """How many watch by WebRTC."""
    family = GaugeMetricFamily("fabrique_whep_sessions", "WebRTC viewers", labels=["channel"])
    for state in states:
        family.add_metric([state.channel], state.webrtc_viewers)
    return family


def _channels(states: list[ChannelState]) -> Iterator[Metric]:
    on_air = StateSetMetricFamily("fabrique_channel_on_air", "what it shows", labels=["channel"])
    failovers = CounterMetricFamily(
        "fabrique_ingest_failovers", "sources that had to leave the air", labels=["channel"]
    )
    there = GaugeMetricFamily(
        "fabrique_rendition_up", "whether a quality is there", labels=["channel", "rendition"]
    )
    for state in states:
        for rendition in state.renditions:
            there.add_metric([state.channel, rendition.name], rendition.on)
        shown = {name: state.on_air == name for name in ("primary", "backup", "slate")}
        on_air.add_metric([state.channel], shown)
        failovers.add_metric([state.channel], state.failovers)
    yield on_air
    yield failovers
    yield sessions(states)
    yield there


def _recordings(states: list[ChannelState]) -> Iterator[Metric]:
    told = [(state.channel, state.recording) for state in states if state.recording]
    name = "fabrique_recording"
    on = StateSetMetricFamily(f"{name}_state", "whether it is recorded", labels=["channel"])
    seconds = CounterMetricFamily(f"{name}_seconds", "recorded", labels=["channel"])
    size = CounterMetricFamily(f"{name}_bytes", "recorded", labels=["channel"])
    missing = CounterMetricFamily(f"{name}_missing_seconds", "not recorded", labels=["channel"])
    room = GaugeMetricFamily(f"{name}_room_seconds", "the disk still takes", labels=["channel"])
    for channel, recording in told:
        on.add_metric([channel], {how: recording.state == how for how in ("on", "paused", "off")})
        seconds.add_metric([channel], recording.seconds)
        size.add_metric([channel], recording.size)
        missing.add_metric([channel], recording.missing)
        if recording.room is not None:
            room.add_metric([channel], recording.room)
    yield from (on, seconds, size, missing, room)


def _sources(states: list[ChannelState]) -> Iterator[Metric]:
    place = ["channel", "slot"]
    up = GaugeMetricFamily("fabrique_ingest_up", "whether a publisher is there", labels=place)
    about = InfoMetricFamily("fabrique_ingest_source", "what the publisher sends", labels=place)
    loudness = GaugeMetricFamily(
        "fabrique_ingest_loudness_lufs", "momentary, as EBU R128 has it", labels=place
    )
    sources: list[tuple[list[str], SourceState]] = []
    for state in states:
        for source in state.sources:
            up.add_metric([state.channel, source.slot], source.connected)
            if not source.connected:
                continue
            sources.append(([state.channel, source.slot], source))
            about.add_metric(
                [state.channel, source.slot],
                {
                    "protocol": source.kind,
                    "video": source.video,
                    "audio": source.sound,
                    "profile": source.profile,
                },
            )
            if source.loudness is not None:
                loudness.add_metric([state.channel, source.slot], source.loudness)
    yield up
    yield about
    yield loudness
    for name, what, value in _GAUGES:
        gauge = GaugeMetricFamily(f"fabrique_ingest_{name}", what, labels=place)
        for labels, source in sources:
            gauge.add_metric(labels, value(source))
        yield gauge
    for name, what, value in _COUNTERS:
        counter = CounterMetricFamily(f"fabrique_ingest_{name}", what, labels=place)
        for labels, source in sources:
            counter.add_metric(labels, value(source))
        yield counter


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)
