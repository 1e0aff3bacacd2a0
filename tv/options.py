"""The options that most commands have, and the settings that they make."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tv import settings
from tv.settings import Settings

Data = Annotated[Path, typer.Option("--data", envvar="FABRIQUE_DATA", help="Dossier de données.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="FABRIQUE_CONFIG", help="Fichier de réglages (TOML)."),
]


def configured(
    config: Path | None,
    host: str | None = None,
    port: int | None = None,
    store: str | None = None,
    web_workers: int | None = None,
) -> Settings:
    """The settings, with what was given on the command line instead. Raises SettingsError."""
    environment = dict(os.environ)
    for name, value in (
        ("SERVER__HOST", host),
        ("SERVER__PORT", port),
        ("STORE__URL", store),
        ("SERVER__WEB_WORKERS", web_workers),
    ):
        if value is not None:
            environment[f"FABRIQUE_{name}"] = str(value)
    return settings.load(config, environment)
