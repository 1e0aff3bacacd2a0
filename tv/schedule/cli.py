"""`fabrique-tv schedule …` as one types it: see `command` for what is done."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tv import settings as reading
from tv.folder import Folder
from tv.options import Config, Data

schedule = typer.Typer(no_args_is_help=True, help="Le programme.")


@schedule.command("import")
def import_schedule(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="frab (JSON, XML), iCal ou CSV.")],
    data: Data = Path("data"),
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Montrer la différence.")] = False,
    source: Annotated[str, typer.Option(help="Le nom de ce programme.")] = "programme",
) -> None:
    """Met le programme à jour d’après un fichier, ou montre ce qui changerait."""
    from tv.schedule import command

    settings = reading.load(config)
    lines = command.bring(Folder(data), settings, file, source, dry_run)
    sys.stdout.write("".join(f"{line}\n" for line in lines))


@schedule.command("export")
def export_schedule(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FICHIER]", help="Où écrire ; à l’écran sans cela.")
    ] = None,
    data: Data = Path("data"),
    config: Config = None,
    written: Annotated[str, typer.Option("--format", help="json (frab) ou ics.")] = "",
) -> None:
    """Exporte le programme pour d’autres outils (JSON de frab) ou pour les agendas (iCal)."""
    from tv.schedule import command

    made = command.take(Folder(data), reading.load(config), file, written)
    if file is None:
        sys.stdout.write(f"{made.decode()}\n")
