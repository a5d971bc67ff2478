"""A picture drawn as SVG, as PNG: with the font that ships, the same everywhere."""

from __future__ import annotations

from importlib.resources import as_file, files

import resvg_py


def png(svg: str) -> bytes:
    """Return a picture of the size that the SVG says."""
    with as_file(files("mileage.web").joinpath("fonts")) as fonts:
        made: bytes = resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(path) for path in sorted(fonts.glob("*.ttf"))],
            font_family="Inter",
        )
    return bytes(made)
