"""`fabrique-tv models …` as one types it: see `models_command` for what is done."""

from pathlib import Path
from typing import Annotated

import typer

from tv import settings as reading
from tv.folder import Folder
from tv.options import Config, Data

models = typer.Typer(no_args_is_help=True, help="Les modèles de sous-titrage.")


@models.command("list")
def list_models(
    data: Data = Path("data"),
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="La liste en JSON.")] = False,
) -> None:
    """Montre les modèles, et lesquels conviennent à cette machine."""
    from tv.captioning import models_command

    captions = reading.load(config).captions
    cache, channels = Folder(data).cache, max(1, len(captions.channels))
    raise typer.Exit(models_command.list_models(captions.model, cache, channels, as_json))


@models.command("fetch")
def fetch_models(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[MODÈLE]…", help="Le meilleur ici par défaut.")
    ] = None,
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Télécharge des modèles, pour que le direct n’ait pas à les attendre."""
    from tv.captioning import models_command

    folder, captions = Folder(data), reading.load(config).captions
    folder.make()
    channels = max(1, len(captions.channels))
    raise typer.Exit(models_command.fetch(names or [], folder.cache, channels))


@models.command("check")
def check_model(
    model: Annotated[
        str, typer.Argument(metavar="[MODÈLE]", help="Un nom ou un dossier ; celui des réglages.")
    ] = "",
    data: Data = Path("data"),
    config: Config = None,
) -> None:
    """Vérifie un modèle : entier, intact, et qui marche sur cette machine."""
    from tv.captioning import models_command

    folder, captions = Folder(data), reading.load(config).captions
    folder.make()
    channels = max(1, len(captions.channels))
    raise typer.Exit(models_command.check(model or captions.model, folder.cache, channels))
