"""A published demo against a second computation, straight from calls and hours.

    python soak/oracle.py [DATA [ACCOUNTS]]

``DATA`` is a directory that `mileage demo` built (nothing may have it open); without
one it is built in ``var/soak/oracle``. Of every account, or of so many drawn at random,
the values of all shipped lenses in all windows and the titles are computed anew
(`tests/recounting.py`), and everybody's tier. Prints what differs; 1 when anything
does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mileage.domain.window import WINDOWS  # noqa: E402 - found by the path above
from mileage.wiring.organisation import open_organisation  # noqa: E402
from tests.recounting import HONOURED, Comparing, Ledger  # noqa: E402


def built() -> Path:
    """Build a new demonstration; titles and tiers are those of a first publication."""
    data = ROOT / "var/soak/oracle"
    shutil.rmtree(data, ignore_errors=True)
    command = [sys.executable, "-m", "mileage", "demo", "--data", str(data)]
    subprocess.run([*command, "--no-serve"], check=True)
    return data


def main(data: Path, count: int | None) -> int:
    """Compare and print; 1 when anything differs."""
    with open_organisation(data) as organisation:
        heads = {name: organisation.boards.head(name) for name in WINDOWS}
        shown = {
            name: {one.account_id: one for one in organisation.boards.everybody(head)}
            for name, head in heads.items()
        }
        people = {
            one.account_id
            for one in organisation.control.accounts()
            if one.kind in HONOURED
        }
    comparing = Comparing(heads, shown)
    ledger = Ledger(data / "ledger.duckdb", ZoneInfo(heads["30d"].zone))
    credit, past = comparing.credits(ledger, people)
    comparing.tiers(credit, past)
    ranked = sorted(one for one in credit.values() if one > 0)
    first = ranked[-max(1, len(ranked) // 200)]
    wanted = set(shown["90d"])
    if count is not None:
        wanted = set(Random(1).sample(sorted(wanted), min(count, len(wanted))))  # noqa: S311
    for account, use in ledger.accounts():
        if account in wanted:
            comparing.account(account, use, ledger.sessions[account], first)
    print(*comparing.told, sep="\n", file=sys.stderr)
    for what, seen in sorted(comparing.compared.items()):
        print(f"{what}\t{seen:,} compared\t{comparing.differing[what]} differ")
    return int(bool(comparing.differing.total()))


if __name__ == "__main__":
    directory, *some = sys.argv[1:] or [str(built())]
    sys.exit(main(Path(directory), int(some[0]) if some else None))
