"""The options that most commands have."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", envvar="FABRIQUE_DATA", help="Dossier de données.")]
Config = Annotated[Path | None, typer.Option("--config", help="Fichier de réglages (TOML).")]
