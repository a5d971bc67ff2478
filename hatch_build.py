"""Compiles the extension while a wheel or an editable install is built.

Without a compiler, or with `MILEAGE_NATIVE=0`, the package is pure Python and works
the same, only slower. One file serves Python 3.11 and all later ones (stable ABI).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/mileage/native"
COMPILED = f"{FOLDER}/_scan.abi3.so"


class Hook(BuildHookInterface[Any]):
    """Adds the compiled extension to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; say so and go on without where that fails."""
        del version
        if os.environ.get("MILEAGE_NATIVE") == "0" or not self._compiled():
            # One of another version would be worse than none.
            (Path(self.root) / COMPILED).unlink(missing_ok=True)
            self.app.display_warning("mileage: built without its C extension")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{_platform()}"
        build_data["artifacts"].append(f"/{COMPILED}")

    def _compiled(self) -> bool:
        root = Path(self.root)
        files = sorted(map(str, (root / FOLDER).glob("*.c")))
        into = root / COMPILED
        # Renamed when it is whole: a running program keeps the one it has loaded.
        fresh = into.with_suffix(".new")
        command = [*_compiler(), "-o", str(fresh), *files]
        try:
            done = subprocess.run(  # noqa: S603 - our compiler on our files
                command, capture_output=True, text=True, check=False
            )
        except OSError as error:
            self.app.display_warning(f"mileage: {error}")
            return False
        if done.returncode:
            self.app.display_warning(done.stderr)
            return False
        fresh.replace(into)
        return True


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _compiler() -> list[str]:
    chosen = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    options = ["-O3", "-std=c11", "-shared", "-fPIC", "-fvisibility=hidden"]
    if sys.platform == "darwin":
        options += ["-undefined", "dynamic_lookup"]
    include = sysconfig.get_path("include")
    return [*shlex.split(chosen), *options, f"-I{include}"]
