"""Write the list of lenses in docs/reference/lenses.md from the policy that ships.

Run it after a change of lenses.toml: ``python tools/lenses_page.py``.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from mileage.domain.tokens import TOKEN_CLASSES
from mileage.honours.lenses import parse_lenses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.honours.lenses import Lens

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "lenses.md"
POLICY = ROOT / "src" / "mileage" / "policy" / "lenses.toml"
HEADING = "## The lenses that ship"


def described(lens: Lens) -> Iterator[str]:
    """Yield what the page says of one lens."""
    yield f"### {lens.title}\n"
    yield f"`{lens.name}`, in {lens.unit.replace('_', '-')}.\n"
    weights = [
        f"{weight / 100:g} `{name}`"
        for name, weight in zip(TOKEN_CLASSES, lens.weights, strict=True)
        if weight
    ]
    rules = {
        "Counts": " + ".join(weights) or ("`cost`" if lens.of_money else ""),
        "Daily cap": f"{lens.daily_cap:,}" if lens.daily_cap else "",
        "Minimum": ", ".join(f"{least} `{name}`" for name, least in lens.minimum),
        "Encourages": lens.encourages,
        "Gamed by": lens.gamed_by,
        "Warning": lens.warning,
    }
    if lens.formula is not None:
        rules["Counts"] = "its formula"
    for name, text in rules.items():
        if text:
            yield fill(f"- {name}: {text}", 88, subsequent_indent="  ")
    yield ""


def rendered(page: str) -> str:
    """Return the page with its list made anew."""
    lenses = parse_lenses(POLICY.read_text("utf-8"), POLICY.name)
    lines = [line for lens in lenses for line in described(lens)]
    before = page[: page.index(HEADING)]
    return f"{before}{HEADING}\n\n" + "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text("utf-8")), "utf-8")
