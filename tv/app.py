"""The web application: which part answers which address. Start reading here."""

import asyncio

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from tv import metrics, problems
from tv.auth import Authentication, Passes
from tv.captioning.acts import CaptionActs
from tv.captioning.quality import Board
from tv.dateranges import DateRanges
from tv.folder import Folder
from tv.follower import Follower
from tv.hls import Hls
from tv.live import Live
from tv.pages import (
    api_captioner,
    api_channels,
    api_cues,
    api_films,
    api_glossary,
    api_participants,
    api_polls,
    api_quality,
    api_questions,
    api_replay,
    api_restreams,
    api_talks,
    captions_api,
    control_room,
    health,
    html,
    presenter,
    replay,
    session,
    thumbnail,
    watch,
)
from tv.recorded.films import Orders, Shelf
from tv.recorded.laid_out import LaidOuts
from tv.recorded.recordings import Recordings
from tv.recorded.replay import ReplayFiles
from tv.recorded.replays import Replays
from tv.recorded.rewind import Rewind
from tv.settings import RESERVED, Settings
from tv.upstream import Upstream
from tv.webrtc import whep, whip
from tv.writing import Writer

CATCHING_UP = 3.0  # seconds that a request waits for the journal to be folded


class Application:
    """HLS by the shortest way, everything else by Starlette.

    A thousand viewers ask for a part four times a second each: those requests meet no middleware.
    Until the journal is folded the API has nothing true to say, and who may see a replay is not
    known: they wait a moment, then refuse.
    """

    def __init__(self, hls: Hls, replay: ASGIApp, rest: ASGIApp, folded: asyncio.Event) -> None:
        self.hls = hls
        self._replay = replay
        self._rest = rest
        self._folded = folded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        channel, _, name = scope["path"][1:].partition("/")
        media = channel not in RESERVED and scope["method"] in ("GET", "HEAD", "OPTIONS")
        again = media and name.startswith("replay/")
        if media and not again and name.endswith(Hls.SUFFIXES):
            await self.hls(scope, receive, send)
        elif (again or channel == "api") and not await self._ready():
            await _starting().response()(scope, receive, send)
        else:
            await (self._replay if again else self._rest)(scope, receive, send)

    async def _ready(self) -> bool:
        try:
            async with asyncio.timeout(CATCHING_UP):
                return await self._folded.wait()
        except TimeoutError:
            return False


def _starting() -> problems.Problem:
    return problems.Problem(
        503,
        "starting",
        "Le service démarre",
        "Les questions et les votes sont en cours de lecture. Réessayez dans quelques secondes.",
        retry_after=2,
    )


def create_app(
    settings: Settings,
    passes: Passes,
    upstream: Upstream,
    follower: Follower,
    live: Live,
    secret: bytes,
    recordings: Recordings,
    orders: Orders,
    folder: Folder,
    board: Board,
) -> Application:
    writer = Writer(follower, upstream)
    caption_acts = CaptionActs(follower, upstream)
    ranges = DateRanges(follower.audience, upstream.now)
    laid_out = LaidOuts()
    replays = Replays(recordings, follower, laid_out, upstream.now)
    replay_files = Authentication(ReplayFiles(replays, ranges), passes)
    servers = tuple(settings.webrtc.ice_servers.values())
    hls = Hls(
        upstream.windows,
        follower.cues,
        upstream.now,
        ranges=ranges,
        rewind=Rewind(
            recordings, follower.audience.talks.by_id.values, follower.cues, upstream.now
        ),
    )
    rest = Starlette(
        routes=[
            *health.routes(upstream, follower),
            *metrics.routes(
                upstream, live.airing, board, hls.late_words, settings.server.public_url
            ),
            *session.routes(passes),
            *api_participants.routes(passes),
            *api_talks.routes(follower, writer),
            *api_questions.routes(follower, writer),
            *api_polls.routes(follower, writer),
            *api_channels.routes(upstream, live.airing),
            *api_restreams.routes(upstream, live.airing),
            *api_quality.routes(upstream, follower, live.airing, board),
            *captions_api.routes(follower, laid_out),
            *api_cues.routes(follower, caption_acts),
            *api_glossary.routes(follower, caption_acts),
            *api_captioner.routes(follower, upstream, caption_acts, live, settings.channels),
            *api_replay.routes(follower, replays),
            *api_films.routes(follower, replays, orders, Shelf(folder.films)),
            *thumbnail.routes(folder.thumbnails, frozenset(settings.channels), recordings),
            *live.routes(),
            *watch.routes(settings),
            *control_room.routes(settings),
            *presenter.routes(settings),
            *replay.routes(settings, follower),
            html.static(),
            *whep.routes(upstream, frozenset(settings.channels), servers),
            *whip.routes(upstream, frozenset(settings.channels), secret, servers=servers),
        ],
        middleware=[
            Middleware(Authentication, passes=passes, public_url=settings.server.public_url)
        ],
        exception_handlers=problems.handlers,
    )
    return Application(hls, replay_files, rest, follower.ready)
