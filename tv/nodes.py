"""Parts of the service on a machine of their own: the commands `edge`, `web`, `captions`, `ladder`.

Each runs its processes under a supervisor of its own, which starts again what dies; they find media
at `--origin`, and what people do in the store at `--store`. Nothing is kept over there but weights:
only `web` needs the very data folder of the origin, shared, for its secret, its replays and its
pictures.
"""

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer

from tv import machines, notify, process, supervisor
from tv.checks import SettingsError
from tv.folder import Folder, FolderError
from tv.machines import Origin
from tv.options import Config, Data, configured
from tv.supervisor import Child, Children, Supervisor

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")

Where = Annotated[str, typer.Option("--origin", help="La machine de la diffusion : HÔTE[:PORT].")]
Token = Annotated[
    Path,
    typer.Option(
        "--pass", envvar="FABRIQUE_PASS_FILE", help="Un fichier avec un laissez-passer « node »."
    ),
]
Authority = Annotated[
    Path | None, typer.Option(help="Qui signe le certificat de la section « link » (PEM).")
]
Store = Annotated[str, typer.Option("--store", help="L’adresse du serveur Valkey ou Redis.")]


def edge(
    origin: Where,
    token: Token,
    name: Annotated[str, typer.Option(help="Le nom de ce relais, unique : « a », « lyon »…")],
    authority: Authority = None,
    host: Annotated[str | None, typer.Option(help="Adresse d’écoute, pour WHEP.")] = None,
    port: Annotated[int | None, typer.Option(help="Port HTTP, pour WHEP.")] = None,
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Relaie le direct par WebRTC depuis cette machine (avec un port UDP et WHEP)."""
    if not NAME.fullmatch(name):
        raise SettingsError("--name : 1 à 16 lettres minuscules, chiffres et tirets.")
    settings = configured(config, host, port)
    folder, there = _prepared(data, origin, token, authority)
    with folder.locked():
        supervisor.probe_udp(settings.webrtc.port, "WEBRTC")
        with supervisor.listen(settings.server.host, settings.server.port) as http:
            children = Children(folder, settings, there)
            _run([children.make("edge", "--channel", name), children.make("door", http=http)])


def web(
    origin: Where,
    token: Token,
    store: Store,
    data: Data = Path("data"),
    authority: Authority = None,
    host: Annotated[str | None, typer.Option(help="Adresse d’écoute.")] = None,
    port: Annotated[int | None, typer.Option(help="Port HTTP.")] = None,
    config: Config = None,
) -> None:
    """Sert les pages, HLS et l’API depuis cette machine ; DATA est celui de l’origine, partagé."""
    settings = configured(config, host, port, store)
    if not Folder(data).known:
        raise FolderError(
            f"«\u00a0{data}\u00a0» n’est pas le dossier de données de l’origine\u00a0: partagez-le "
            "avec cette machine (NFS par exemple), et donnez-le par --data."
        )
    folder, there = _prepared(data, origin, token, authority)
    asyncio.run(supervisor.find_store(store))
    with supervisor.listen(settings.server.host, settings.server.port) as http:
        _run(Children(folder, settings, there).web(http))


def captions(
    origin: Where,
    token: Token,
    store: Store,
    authority: Authority = None,
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Sous-titre depuis cette machine ; l’origine a [server] elsewhere = ["captions"]."""
    settings = configured(config, store=store)
    folder, there = _prepared(data, origin, token, authority)
    asyncio.run(supervisor.find_store(store))
    _run(Children(folder, settings, there).captions())


def ladder(
    origin: Where,
    token: Token,
    authority: Authority = None,
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Encode les qualités depuis cette machine ; l’origine a [server] elsewhere = ["ladder"]."""
    settings = configured(config)
    folder, there = _prepared(data, origin, token, authority)
    _run(Children(folder, settings, there).ladder())


def add_to(app: typer.Typer) -> None:
    """Let `app` have the commands of this file."""
    for command in (edge, web, captions, ladder):
        app.command()(command)


def _prepared(
    data: Path, origin: str, token: Path, authority: Path | None
) -> tuple[Folder, Origin]:
    """The folder, and where media is. Raises FolderError, SettingsError."""
    folder = Folder(data)
    folder.make()
    try:
        text = token.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"--pass\u00a0: fichier «\u00a0{token}\u00a0» illisible\u00a0: mettez-y ce qu’affiche "
            "«\u00a0fabrique-tv pass node --token\u00a0» sur la machine de la diffusion."
        ) from error
    return folder, machines.origin(origin, text, authority)


def _run(children: list[Child]) -> None:
    """Keep `children` up until told to stop."""
    process.start_logging("serve")

    async def run() -> None:
        stopped = supervisor.told_to_stop()
        async with Supervisor(children).running(), notify.telling():
            await stopped.wait()

    asyncio.run(run())
