"""The web application: which part answers which address. Start reading here."""

import asyncio

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tv import metrics, openapi, problems
from tv.auth import Authentication, Passes
from tv.captioning.acts import CaptionActs
from tv.captioning.quality import Board
from tv.dateranges import DateRanges
from tv.displays import Displays
from tv.folder import Folder
from tv.follower import Follower
from tv.hls import Hls
from tv.limits import Limits
from tv.live import Live
from tv.networks import Networks
from tv.pages import (
    api_alerts,
    api_batches,
    api_cafes,
    api_captioner,
    api_channels,
    api_clusters,
    api_comments,
    api_comparison,
    api_contributions,
    api_cues,
    api_devices,
    api_event,
    api_films,
    api_glossary,
    api_health,
    api_join,
    api_labs,
    api_moderation,
    api_participants,
    api_passes,
    api_polls,
    api_privacy,
    api_quality,
    api_questions,
    api_ratings,
    api_reactions,
    api_replay,
    api_reports,
    api_restreams,
    api_rundown,
    api_schedule,
    api_screens,
    api_sendings,
    api_syntheses,
    api_talks,
    api_voting_codes,
    api_wall,
    captions_api,
    control_room,
    embed,
    health,
    html,
    ideas,
    installing,
    join,
    labs,
    labs_desk,
    notices,
    overlay,
    presenter,
    programme,
    replay,
    screen,
    session,
    thumbnail,
    wall,
    watch,
)
from tv.pages.errors import Errors
from tv.passes_in_use import PassesInUse
from tv.proxies import Clients
from tv.pseudonyms import Pseudonyms
from tv.reacting import Reacting
from tv.recorded.films import Orders, Shelf
from tv.recorded.laid_out import LaidOuts
from tv.recorded.recordings import Recordings
from tv.recorded.replay import ReplayFiles
from tv.recorded.replays import Replays
from tv.recorded.rewind import Rewind
from tv.settings import RESERVED, Settings
from tv.studios.stream_keys import stream_keys
from tv.taps import Taps
from tv.upstream import Upstream
from tv.voting_codes import VotingCodes
from tv.wall.pictures import Pictures
from tv.webrtc import whep, whip
from tv.writing import Writer

CATCHING_UP = 3.0  # seconds that a request waits for the journal to be folded
TELLING = frozenset(  # what tells of the audience before any script does
    {"api", "programme", "revoir", "rejoindre", "charte", "confidentialite"}
)


class Application:
    """HLS by the shortest way, everything else by Starlette.

    A thousand viewers ask for a part four times a second each: those requests meet no middleware.
    Until the journal is folded the API and some pages have nothing true to say, and who may see a
    replay is not known: they wait a moment, then refuse.
    """

    def __init__(
        self,
        hls: Hls,
        replay: ASGIApp,
        rest: ASGIApp,
        taps: Taps,
        errors: Errors,
        folded: asyncio.Event,
    ) -> None:
        self.hls = hls
        self.taps = taps
        self._replay = replay
        self._rest = rest
        self._errors = errors
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
        elif (again or channel.partition(".")[0] in TELLING) and not await self._ready():
            await self._errors.answer(Request(scope), _starting())(scope, receive, send)
        else:
            await (self._replay if again else self._rest)(scope, receive, send)

    async def _ready(self) -> bool:
        if self._folded.is_set():
            return True
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
    reacting: Reacting,
    displays: Displays,
    store: Redis,
    in_use: PassesInUse,
) -> Application:
    writer = Writer(follower, upstream, Limits(settings.event.slug, settings.limits))
    keys = stream_keys(folder, settings, secret)
    pages = html.Pages(settings)
    errors = Errors(pages)
    door = api_join.Door(settings, follower, secret, pages.codes)
    pseudonyms = Pseudonyms(settings, follower.audience.talks)
    caption_acts = CaptionActs(follower, upstream)
    ranges = DateRanges(follower.audience, upstream.now)
    pictures = Pictures(folder.wall)
    laid_out = LaidOuts()
    replays = Replays(recordings, follower, laid_out, upstream.now)
    networks = Networks(secret)
    voting_codes = VotingCodes(secret, settings.event.slug)
    replay_files = Authentication(ReplayFiles(replays, ranges), passes, networks)
    servers = tuple(settings.webrtc.ice_servers.values())
    hls = Hls(
        upstream.windows,
        live.access.live,
        upstream.now,
        ranges=ranges,
        rewind=Rewind(
            recordings,
            lambda: follower.audience.talks.by_id.values(),
            live.access.live,
            upstream.now,
        ),
    )
    api = [
        *session.routes(passes),
        *api_passes.routes(in_use, passes, folder),
        *api_join.routes(door),
        *api_participants.routes(passes, settings.labs, door, pseudonyms),
        *api_event.routes(follower, writer, settings.event),
        *api_reports.routes(follower, settings, pictures),
        *api_comparison.routes(follower, settings.labs),
        *api_talks.routes(follower, writer, settings),
        *api_schedule.routes(follower, writer, settings, upstream.now),
        *api_questions.routes(follower, writer, live.duplicates, settings.labs, live.access),
        *api_moderation.routes(follower, writer, live.duplicates),
        *api_privacy.routes(writer, follower.audience),
        *api_alerts.routes(follower, writer, settings.labs),
        *api_batches.routes(follower, writer),
        *api_devices.routes(follower, writer),
        *api_polls.routes(follower, writer, voting_codes),
        *api_voting_codes.routes(voting_codes, settings),
        *api_reactions.routes(follower, writer, reacting, upstream),
        *api_ratings.routes(follower, writer),
        *api_wall.routes(follower, writer, pictures),
        *api_cafes.routes(follower, writer, settings),
        *api_labs.routes(follower, writer, settings, passes, pseudonyms),
        *api_contributions.routes(follower, writer, pictures, settings.labs),
        *api_clusters.routes(follower, writer),
        *api_syntheses.routes(follower, writer, settings.labs),
        *api_comments.routes(follower, writer),
        *api_sendings.routes(follower, writer, settings.labs),
        *api_rundown.routes(follower, writer, settings),
        *api_screens.routes(follower, writer, displays, passes, settings, pages.codes),
        *api_health.routes(store, folder.path),
        *api_channels.routes(upstream, live.airing, keys),
        *api_restreams.routes(upstream, live.airing),
        *api_quality.routes(upstream, follower, live.airing, board),
        *captions_api.routes(follower, live.access, laid_out),
        *api_cues.routes(follower, caption_acts),
        *api_glossary.routes(follower, caption_acts),
        *api_captioner.routes(follower, upstream, caption_acts, live, settings.channels),
        *api_replay.routes(follower, replays),
        *api_films.routes(follower, replays, orders, Shelf(folder.films)),
        *live.routes(),
    ]
    rest = Starlette(
        routes=[
            *health.routes(upstream, follower),
            *metrics.routes(
                upstream, live.airing, board, hls.late_words, settings.server.public_url
            ),
            *api,
            *openapi.routes(api),
            *thumbnail.routes(folder.thumbnails, frozenset(settings.channels), recordings),
            *watch.routes(pages),
            *control_room.routes(pages, settings),
            *presenter.routes(pages),
            *programme.routes(pages, settings, follower, upstream.now),
            *notices.routes(pages, settings, follower, writer),
            *replay.routes(pages, settings, follower),
            *wall.routes(pages, settings, follower, pictures),
            *ideas.routes(pages, settings, follower),
            *labs_desk.routes(pages),
            *labs.routes(pages, settings, follower, door),
            *join.routes(pages, settings, follower, passes, door, voting_codes),
            *screen.routes(pages, settings),
            *overlay.routes(pages),
            *embed.routes(pages, settings),
            *installing.routes(pages, settings),
            html.static(),
            *whep.routes(upstream, frozenset(settings.channels), servers),
            *whip.routes(upstream, frozenset(settings.channels), keys, servers=servers),
        ],
        middleware=[
            Middleware(
                Authentication,
                passes=passes,
                networks=networks,
                public_url=settings.server.public_url,
            )
        ],
        exception_handlers=errors.handlers,
    )
    authentication = Authentication(rest, passes, networks, settings.server.public_url)
    clients = Clients(settings.server.proxies)
    taps = Taps(rest.routes, authentication, writer, follower.ready, clients)
    return Application(hls, replay_files, rest, taps, errors, follower.ready)
