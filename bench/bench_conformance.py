"""How many traps of the conformance suite a tool counts exactly: ours, and peers.

Peers are run where they are installed: `ccusage` on the PATH or named by CCUSAGE,
tokscale's reader where node finds it (NODE_PATH). A line says which are missing.
Writes the whole table, a row a case, to var/bench/conformance.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools import conformance  # noqa: E402 - found by the line above

ADAPTERS = ROOT / "conformance" / "adapters"
TABLE = ROOT / "var" / "bench" / "conformance.md"


def commands() -> dict[str, list[str]]:
    """Return the tools that can be run here."""
    mileage = str(Path(sys.executable).parent / "mileage")
    found = {"Mileage": [mileage, "me", "--json"]}
    ccusage = os.environ.get("CCUSAGE") or shutil.which("ccusage")
    if ccusage:
        adapter = str(ADAPTERS / "ccusage.py")
        found["ccusage"] = [sys.executable, adapter, ccusage]
    if readable("@tokscale/core"):
        found["tokscale"] = ["node", str(ADAPTERS / "tokscale.cjs")]
    for peer in {"ccusage", "tokscale"} - found.keys():
        print(f"{peer} is not installed here: not compared")
    return found


def readable(module: str) -> bool:
    """Tell whether node is here and finds a module."""
    if not shutil.which("node"):
        return False
    done = subprocess.run(
        ["node", "-e", f"require({module!r})"], capture_output=True, check=False
    )
    return done.returncode == 0


def cell(result: conformance.Result) -> str:
    """Say in a cell how a case went."""
    if result.error is None:
        return "fails"
    if result.exact:
        return "exact"
    off = f"{result.error:+.1f} %"
    return "wrong class" if off in {"+0.0 %", "-0.0 %"} else off


def main() -> int:
    """Run every tool on every case."""
    tools = commands()
    homes = conformance.homes()
    results = {
        tool: [conformance.run(home, command) for home in homes]
        for tool, command in tools.items()
    }
    rows = [["trap", *tools], ["---" for _ in range(len(tools) + 1)]]
    for home, row in zip(homes, zip(*results.values(), strict=True), strict=True):
        rows.append(["/".join(home.parts[-2:]), *map(cell, row)])
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("".join(f"| {' | '.join(row)} |\n" for row in rows), "utf-8")
    for tool, found in results.items():
        exact = sum(one.exact for one in found)
        bar = f"{len(homes)} of {len(homes)}" if tool == "Mileage" else "-"
        print(f"traps counted exactly, {tool}\t{exact} of {len(homes)}\t{bar}")
    print(f"table: {TABLE.relative_to(ROOT)}")
    return 0 if all(one.exact for one in results["Mileage"]) else 1


if __name__ == "__main__":
    sys.exit(main())
