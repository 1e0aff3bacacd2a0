"""The command line: what one can run."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import segno
import typer

from captions.errors import CaptionsError
from engagement.cafe.session import TABLES, table_id
from tv import machines, nodes, process, reasons, supervisor
from tv import settings as reading
from tv.backup import BackupError
from tv.captioning.models_cli import models
from tv.folder import Folder, FolderError
from tv.options import Config, Data, configured
from tv.passes import Passes, Role
from tv.schedule.cli import schedule
from tv.schedule.errors import ScheduleError
from tv.settings import Settings, SettingsError
from tv.store import StoreMissing
from tv.studios.keys import SLOTS, load_secret
from tv.studios.stream_keys import PROTOCOLS

MENDABLE = (
    *(SettingsError, FolderError, StoreMissing, BackupError),
    *(supervisor.PortTaken, supervisor.StoreSilent, CaptionsError, ScheduleError),
)
UsageError: Any = typer.BadParameter.__base__  # Typer brings its own Click, under a private name

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fabrique TV : le direct, ses sous-titres et les voix de la salle.",
)


def main() -> None:
    """Run the command line; an error that one can mend is one line and exit status 2."""
    try:
        raise SystemExit(app(standalone_mode=False, prog_name="fabrique-tv"))
    except MENDABLE as error:
        _fail(str(error))
    except UsageError as error:
        _fail(_misused(error))


@app.command()
def serve(
    data: Data = Path("data"),
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Adresse d’écoute.")] = None,
    port: Annotated[int | None, typer.Option(help="Port HTTP.")] = None,
    store: Annotated[str | None, typer.Option(help="Adresse d’un serveur Valkey ou Redis.")] = None,
    web_workers: Annotated[int | None, typer.Option(help="Nombre de processus web.")] = None,
) -> None:
    """Lance tout le service sur cette machine."""
    settings = configured(config, host, port, store, web_workers)
    process.start_logging("serve")
    asyncio.run(supervisor.serve(Folder(data), settings))


@app.command()
def key(
    context: typer.Context,
    channel: Annotated[
        str, typer.Argument(metavar="CANAL", help="Le canal, par exemple « plateau ».")
    ],
    data: Data = Path("data"),
    config: Config = None,
    slot: Annotated[str, typer.Option(help="primary, ou backup pour le secours.")] = "primary",
    protocol: Annotated[str, typer.Option(help="Une seule clé : rtmp, whip ou srt.")] = "",
    new: Annotated[
        bool, typer.Option("--new", help="En faire une autre : l’ancienne ne vaut plus rien.")
    ] = False,
) -> None:
    """Affiche la clé de diffusion d’un canal, et où la mettre dans OBS ou dans ffmpeg."""
    from tv.studios.key_command import key_command

    settings = reading.load(config)
    if channel not in settings.channels:
        _fail(f"Canal inconnu : « {channel} ». Canaux : {', '.join(settings.channels)}.")
    if slot not in SLOTS:
        _fail("--slot vaut primary ou backup.")
    if protocol not in ("", *PROTOCOLS):
        _fail(f"--protocol vaut {', '.join(PROTOCOLS)}.")
    folder = _prepared(context, data)
    key_command(folder, settings, address(settings, folder), channel, slot, protocol, new)


@app.command("pass")
def issue_pass(
    context: typer.Context,
    role: Annotated[str, typer.Argument(metavar="RÔLE", help=", ".join(Role))],
    data: Data = Path("data"),
    config: Config = None,
    name: Annotated[str, typer.Option(help="Le nom affiché.")] = "",
    talk: Annotated[str, typer.Option(help="Limiter à une intervention.")] = "",
    lab: Annotated[str, typer.Option(help="Le laboratoire.")] = "",
    table: Annotated[int, typer.Option(min=0, max=TABLES, help="Le numéro de sa table.")] = 0,
    days: Annotated[int, typer.Option(min=0, max=366, help="Sa durée en jours (sinon 14).")] = 0,
    until: Annotated[str, typer.Option(help="Son dernier jour, AAAA-MM-JJ.")] = "",
    token: Annotated[bool, typer.Option("--token", help="Le laissez-passer seul.")] = False,
) -> None:
    """Affiche un lien d’accès et son QR code."""
    from tv import pass_commands

    settings = reading.load(config)
    if role not in tuple(Role):
        _fail(f"Rôle inconnu : « {role} ». Rôles : {', '.join(Role)}.")
    end = pass_commands.chosen_end(days, until, settings.event.zone)
    folder = _prepared(context, data)
    if lab and lab not in settings.labs:
        _fail(f"Laboratoire inconnu : « {lab} ». Il y a : {', '.join(settings.labs) or 'aucun'}.")
    if table and not lab:
        _fail("--table va avec --lab : le laboratoire où elle est.")
    passes = Passes(load_secret(folder.path))
    place = table_id(lab, table) if table else ""
    made = passes.issue(Role(role), name=name, talk=talk, lab=lab, table=place, until=end)
    pass_commands.note_issued(folder, settings, passes.read(made))
    if token:
        print(made)
        return
    link = pass_link(address(settings, folder), Role(role), made, lab, table)
    print(link)
    print_qr(link)
    print(f"Pour le reprendre\u00a0: fabrique-tv revoke {passes.read(made).id}")


@app.command()
def revoke(
    shown: Annotated[
        str,
        typer.Argument(metavar="LAISSEZ-PASSER", help="Son lien, lui-même, ou son identifiant."),
    ],
    data: Data = Path("data"),
) -> None:
    """Reprend un laissez-passer perdu : il n’ouvre plus rien dans les secondes qui suivent."""
    from tv import pass_commands

    print(pass_commands.take_back(_existing(data), shown))


@app.command()
def passes(data: Data = Path("data"), config: Config = None) -> None:
    """Liste les laissez-passer en service : leur identifiant, à qui, et quand ils ont servi."""
    from tv import pass_commands

    lines = pass_commands.listed(_existing(data), reading.load(config))
    print("\n".join(lines) or "Aucun laissez-passer n’a encore servi.")


@app.command()
def check(config: Config = None) -> None:
    """Vérifie les réglages et les affiche."""
    settings = reading.load(config)
    machines.check(settings.link)
    shown = reading.without_secrets(settings)
    print(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())


@app.command()
def doctor(
    data: Data = Path("data"),
    config: Config = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Sans essai d’encodage ni d’écoute.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Le résultat en JSON.")] = False,
) -> None:
    """Examine cette machine avant l’événement, et dit ce qu’elle peut porter."""
    from tv.doctor import command

    raise typer.Exit(command.run(Folder(data), reading.load(config), quick=quick, as_json=as_json))


@app.command("check-hls")
def check_hls(
    url: Annotated[str, typer.Argument(metavar="ADRESSE", help="Une liste HLS (.m3u8).")],
    seconds: Annotated[float, typer.Option(min=0, max=3600, help="Durée d’observation.")] = 10.0,
    header: Annotated[
        list[str] | None, typer.Option(help="En-tête HTTP, par exemple « Authorization: … ».")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Le résultat en JSON.")] = False,
) -> None:
    """Vérifie qu’une diffusion HLS respecte RFC 8216bis, la nôtre ou une autre."""
    from tv.check_hls import Unusable, check

    headers = dict(line.split(":", 1) for line in header or [] if ":" in line)
    try:
        report = check(url, seconds, {name.strip(): said.strip() for name, said in headers.items()})
    except Unusable as error:
        _fail(str(error))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(report.json()), indent=2).decode())
    else:
        print(*report.lines(), sep="\n")
    raise typer.Exit(1 if report.errors else 0)


@app.command()
def caption(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Un fichier son ou vidéo.")],
    data: Data = Path("data"),
    config: Config = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="Au rythme du direct.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Des mots en JSON, un par ligne.")
    ] = False,
    written: Annotated[str, typer.Option("--format", help="vtt, srt, txt ou json.")] = "vtt",
    glossary: Annotated[Path | None, typer.Option(help="Un terme par ligne.")] = None,
    model: Annotated[str, typer.Option(help="Un autre modèle que celui des réglages.")] = "",
) -> None:
    """Sous-titre un fichier par la boucle du direct."""
    from tv.captioning.command import FORMATS, WORDS, Options, caption_command

    written = WORDS if as_json else written
    if written not in (*FORMATS, WORDS):
        _fail(f"--format vaut {', '.join((*FORMATS, WORDS))}.")
    folder = Folder(data)
    folder.make()
    model = model or reading.load(config).captions.model
    options = Options(file, written, realtime, glossary, model)
    raise typer.Exit(caption_command(options, folder.cache))


app.add_typer(models, name="models")


@app.command()
def erase(
    participant: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="Son identifiant.")],
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Oublie un participant : ce qu’il a écrit, son pseudonyme, son identifiant."""
    from tv.erasing import Unknown
    from tv.erasing import erase as forget

    try:
        acts, written = asyncio.run(forget(_existing(data), reading.load(config), participant))
    except Unknown as error:
        _fail(str(error))
    print(f"Oublié (actes\u00a0: {acts}). Ses votes et ses soutiens comptent toujours, sans nom.")
    if not written:
        print("Le journal sera réécrit dès que le service aura repris.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Par exemple jeudi.tar.")],
    data: Data = Path("data"),
    config: Config = None,
    recordings: Annotated[
        bool, typer.Option(help="Avec ce qui a été enregistré (beaucoup de place).")
    ] = True,
) -> None:
    """Met dans un fichier tout ce qui ne peut pas être refait ; le service peut tourner."""
    from tv.backup import backup as save

    size = asyncio.run(save(_existing(data), reading.load(config), file, recordings=recordings))
    megabytes = f"{size / 1e6:.1f}".replace(".", ",")
    print(f"{file}\u00a0: {megabytes} Mo")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Ce que « backup » a écrit.")],
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Remet une sauvegarde en place ; ce qui était là est mis de côté, les oublis sont refaits."""
    from tv.restoring import restore as bring_back

    count, aside = asyncio.run(bring_back(Folder(data), reading.load(config), file))
    print(f"Remis en place\u00a0: {count} événements.")
    if aside is not None:
        print(f"Ce qui était là est dans {aside}\u00a0: effacez-le dès qu’il ne vous sert plus.")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Où écrire les fichiers.")],
    data: Data = Path("data"),
    config: Config = None,
    films: Annotated[
        bool, typer.Option("--films", help="Avec chaque intervention en film.")
    ] = False,
) -> None:
    """Exporte tout ce que le public et l’équipe ont fait."""
    from tv.exporting import export as write_files

    folder = _existing(data)
    try:
        directory.mkdir(0o700, parents=True, exist_ok=True)
        asyncio.run(write_files(folder, reading.load(config), directory, with_films=films))
    except OSError as error:
        _fail(f"Impossible d’écrire dans « {directory} » ({reasons.of_system(error)}).")
    print(*sorted(directory.iterdir()), sep="\n")


app.add_typer(schedule, name="schedule")


@app.command()
def demo(
    data: Data = Path("data"),
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Adresse d’écoute.")] = None,
    port: Annotated[int | None, typer.Option(help="Port HTTP.")] = None,
) -> None:
    """Lance tout le service avec une intervention intégrée en guise de plateau."""
    from tv.demo import command as demonstration

    demonstration.run(Folder(data), configured(config, host, port))


nodes.add_to(app)


def address(settings: Settings, folder: Folder) -> str:
    """Where people reach the server: as set, else as it last ran, else as it would run."""
    if settings.server.public_url:
        return settings.server.public_url.rstrip("/")
    return folder.address() or supervisor.address(settings)


PAGES = {
    Role.PRESENTER: "/intervenant",
    Role.MODERATOR: "/regie",
    Role.OPERATOR: "/regie",
    Role.ADMIN: "/regie",
}


def pass_link(base: str, role: Role, token: str, lab: str = "", table: int = 0) -> str:
    """The link that brings a pass to its page: a fragment is never sent to a server nor logged."""
    page = PAGES.get(role, "/")
    if role in (Role.HOST, Role.KIOSK) and lab:
        page = f"/labo/{lab}" + (f"/table/{table}" if table else "")
        page += "/hote" if table and role is Role.HOST else ""
    return f"{base}{page}#pass={token}"


def print_qr(link: str) -> None:
    segno.make(link, error="l").terminal(out=sys.stdout, compact=True, border=2)


def _prepared(context: typer.Context, data: Path) -> Folder:
    """The folder of an installation; a new one, if somebody has named or made the folder.

    Raises FolderError.
    """
    folder = Folder(data)
    if not folder.known:
        source = context.get_parameter_source("data")
        if not data.exists() and source is not None and source.name == "DEFAULT":
            folder.check_known()
        print(f"Nouvelle installation dans «\u00a0{data}\u00a0».", file=sys.stderr)
    folder.make()
    return folder


def _existing(data: Path) -> Folder:
    """The folder of an installation that is there. Raises FolderError."""
    folder = Folder(data)
    folder.check_known()
    return folder


def _misused(error: Any) -> str:
    """What is wrong with the command that was typed, in one line.

    Typer says it in English, in a box; what went wrong is read from the error's parts.
    """
    context, parameter = error.ctx, getattr(error, "param", None)
    command = context.command_path if context else "fabrique-tv"
    if option := getattr(error, "option_name", ""):
        near = ", ".join(getattr(error, "possibilities", None) or ())
        what = f"Option inconnue ou mal employée : « {option} »" + (f" ({near} ?)" if near else "")
    elif parameter is not None:
        name = parameter.metavar or parameter.opts[0]
        missing = not error.message
        what = f"Il manque « {name} »" if missing else f"« {name} » n’accepte pas cette valeur"
    elif context and (commands := getattr(context.command, "commands", None)):
        shown = [name for name, each in commands.items() if not each.hidden]
        what = f"Commande inconnue ou absente. Commandes : {', '.join(shown)}"
    else:
        what = "La commande a un mot de trop"
    return f"{what} ; voyez « {command} --help »."


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)
