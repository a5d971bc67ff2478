"""Copy third-party files into the tree, with their licences and a lock.

    python tools/vendor.py NODE_MODULES

``NODE_MODULES`` is a folder into which ``npm install`` put the packages below. The
fonts of pictures are cut from the same package's with ``fonttools`` and ``brotli``,
which have to be installed for this alone.
Nothing is fetched here and nothing is needed from npm at build or run time: what
the pages serve is in the repository, and ``vendor.lock`` says what it is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src/mileage/web/static/vendor"
E2E = ROOT / "tests/e2e/vendor"
FONTS = ROOT / "src/mileage/web/fonts"
FIGURES = {*range(32, 127), 0xB7, 0xD7, 0x2013, 0x2019, 0x2026}
SCRIPTS = ("latin", "latin-ext", "vietnamese", "greek", "cyrillic")
LETTERS = {
    *(*range(0x20, 0x7F), *range(0xA0, 0x180), 0x192, 0x1A0, 0x1A1, 0x1AF, 0x1B0),
    *(*range(0x218, 0x21C), *range(0x370, 0x530), *range(0x1EA0, 0x1F00)),
    *(*range(0x2010, 0x2045), 0x20AC, 0x2116, 0x2122, 0xFFFD),
}
"""What names are written in, as far as the scripts have it."""


class Copy(NamedTuple):
    """One file of one package, and the name under which we keep it."""

    package: str
    licence: str
    source: str
    target: Path


COPIES = (
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "files/inter-latin-wght-normal.woff2",
        STATIC / "inter-latin-{version}.woff2",
    ),
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "LICENSE",
        STATIC / "inter-LICENSE.txt",
    ),
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "LICENSE",
        FONTS / "inter-LICENSE.txt",
    ),
    Copy("axe-core", "MPL-2.0", "axe.min.js", E2E / "axe.min.js"),
    Copy("axe-core", "MPL-2.0", "LICENSE", E2E / "axe-LICENSE.txt"),
)


def vendored(copy: Copy, node_modules: Path) -> dict[str, str]:
    """Copy one file and return its line of the lock."""
    home = node_modules / copy.package
    version = json.loads((home / "package.json").read_text())["version"]
    target = copy.target.with_name(copy.target.name.format(version=version))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(home / copy.source, target)
    return {
        "file": target.name,
        "name": copy.package,
        "version": version,
        "licence": copy.licence,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def cut(script: Path, weight: int, letters: set[int], target: Path) -> None:
    """Cut one weight and some letters out of a font."""
    from fontTools import subset  # noqa: PLC0415 - needed for this alone
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    font = TTFont(script)
    font.flavor = None
    instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
    cutter = subset.Subsetter(subset.Options(layout_features=["kern", "tnum"]))
    cutter.populate(unicodes=letters & set(font.getBestCmap()))
    cutter.subset(font)
    font.save(target)


def picture_fonts(files: Path, version: str) -> list[dict[str, str]]:
    """Make the fonts of pictures, bold for figures alone, and say which letters."""
    from fontTools.merge import Merger  # noqa: PLC0415

    bold, usual = FONTS / "inter-600.ttf", FONTS / "inter-400.ttf"
    told = FONTS / "inter-400.letters.txt"
    fonts = {name: files / f"inter-{name}-wght-normal.woff2" for name in SCRIPTS}
    cut(fonts["latin"], 600, FIGURES, bold)
    with TemporaryDirectory() as folder:
        parts = [Path(folder) / f"{name}.ttf" for name in fonts]
        for font, part in zip(fonts.values(), parts, strict=True):
            cut(font, 400, LETTERS, part)
        merged = Merger().merge([str(part) for part in parts])
    merged.save(usual)
    told.write_text("".join(map(chr, sorted(merged.getBestCmap()))), encoding="utf-8")
    return [
        {
            "file": made.name,
            "name": "@fontsource-variable/inter",
            "version": version,
            "licence": "OFL-1.1",
            "sha256": hashlib.sha256(made.read_bytes()).hexdigest(),
        }
        for made in (told, usual, bold)
    ]


def main(node_modules: Path) -> None:
    """Copy everything and write one lock beside each group of files."""
    for folder in (STATIC, E2E, FONTS):
        lines = [
            vendored(copy, node_modules)
            for copy in COPIES
            if copy.target.parent == folder
        ]
        if folder == FONTS:
            version = lines[0]["version"]
            files = node_modules / "@fontsource-variable/inter/files"
            lines += picture_fonts(files, version)
        lock = folder / "vendor.lock"
        lock.write_text(json.dumps(lines, indent=2) + "\n")
        print(f"{lock.relative_to(ROOT)}: {len(lines)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
