"""`fabrique-tv demo`: the whole service, with a built-in talk for a studio."""

import asyncio
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import segno

from captions.models import loading
from engagement.cafe.session import table_id
from tv import process, supervisor
from tv.cli import pass_link
from tv.demo import film as demo_film
from tv.demo import labs
from tv.folder import Folder
from tv.passes import Passes, Role
from tv.progress import Progress
from tv.settings import Settings
from tv.studios.keys import load_secret
from tv.studios.stream_keys import stream_keys

WAIT = 60.0  # seconds until the service is ready


def run(folder: Folder, settings: Settings) -> None:
    """Prepare what the first run needs, then serve until interrupted."""
    folder.make()
    supervisor.probe_ports(settings)  # before what takes long
    film = folder.cache / "demo.mp4"
    _prepare(folder, film, settings)
    plateau = settings.channels["plateau"]
    if not plateau.source:
        # In the backup's slot: a studio that publishes with the key below takes the air from it.
        plateau = msgspec.structs.replace(
            plateau, source=str(film.resolve()), slot="backup", loop=True
        )
    settings = msgspec.structs.replace(
        settings,
        channels=settings.channels | {"plateau": plateau},
        labs=settings.labs or labs.LABS,
    )
    process.start_logging("demo", level="WARNING")

    async def announce(running: supervisor.Supervisor) -> None:
        address = supervisor.address(settings)
        await _ready(address)
        operator = Passes(load_secret(folder.path)).issue(Role.OPERATOR, name="Démonstration")
        await asyncio.to_thread(labs.furnish, address, operator, list(settings.labs))
        _print_addresses(folder, settings)

    asyncio.run(supervisor.serve(folder, settings, announce))


def _prepare(folder: Folder, film: Path, settings: Settings) -> None:
    started = time.monotonic()
    if settings.captions.channels:
        with Progress("Modèle de reconnaissance vocale") as progress:
            loading.find(
                settings.captions.model,
                folder.cache,
                progress.bytes,
                channels=len(settings.captions.channels),
            )
    with Progress("Intervention de démonstration") as progress:
        demo_film.make(film, progress)
    if (took := time.monotonic() - started) > 1.0:
        print(f"Préparation terminée en {took:.0f} s (une seule fois).\n", flush=True)


async def _ready(address: str) -> None:
    async with asyncio.timeout(WAIT):
        while not await asyncio.to_thread(_is_ready, address):  # noqa: ASYNC110  # one has to ask
            await asyncio.sleep(0.2)


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):  # not there yet, or 503
        return False


def _print_addresses(folder: Folder, settings: Settings) -> None:
    base = supervisor.address(settings)
    secret = load_secret(folder.path)
    passes = Passes(secret)
    control = pass_link(base, Role.OPERATOR, passes.issue(Role.OPERATOR, name="Régie"))
    presenter = pass_link(base, Role.PRESENTER, passes.issue(Role.PRESENTER, name="Animation"))
    lab = next(iter(settings.labs))
    table = table_id(lab, 1)
    kiosk = pass_link(base, Role.KIOSK, passes.issue(Role.KIOSK, lab=lab, table=table), lab, 1)
    host = passes.issue(Role.HOST, name="Claire", lab=lab, table=table)
    host = pass_link(base, Role.HOST, host, lab, 1)
    key = stream_keys(folder, settings, secret).key("plateau", "primary")
    print(
        f"""
Fabrique TV est à l’antenne.

  Regarder      {base}/
  Régie         {control}
  Intervenant   {presenter}
  Écran         {base}/ecran
  Mur           {base}/mur
                (on y écrit depuis {base}/mur/ecrire, la régie relit sur {base}/mur/relire)

  Laboratoires  {base}/labo
                (la régie les conduit sur {base}/regie/labos)
  Tablette      {kiosk}
  Hôte de table {host}
  Idées         {base}/idees

  LL-HLS        {base}/plateau/index.m3u8
  HLS + s.-t.   {base}/plateau/sync.m3u8
  Votre plateau rtmp://127.0.0.1:{settings.rtmp.port}/live/{key}
                (OBS ou ffmpeg : il prend l’antenne à la place de l’intervention intégrée)

Pour regarder depuis un téléphone de ce réseau : remplacez 127.0.0.1 par l’adresse de cette
machine. Pour arrêter : Ctrl-C.
""",
        flush=True,
    )
    for title, link in (("Regarder", f"{base}/"), ("Régie", control), ("Intervenant", presenter)):
        print(f"{title} :")
        segno.make(link, error="l").terminal(out=sys.stdout, compact=True, border=2)
    sys.stdout.flush()
