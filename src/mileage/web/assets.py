"""The stylesheet, the script, the font and the icon, named by what is in them.

A few small files, read once: ``/static/app.css?v=1a2b3c4d`` may be kept for ever,
because another content has another address.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


class Asset(NamedTuple):
    """One file as it is served."""

    body: bytes
    media_type: str
    version: str
    """The first eight hex digits of its SHA-256."""


def load(folder: Path) -> dict[str, Asset]:
    """Read every servable file below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type and path.is_file():
            body = path.read_bytes()
            version = hashlib.sha256(body).hexdigest()[:8]
            name = path.relative_to(folder).as_posix()
            found[name] = Asset(body, media_type, version)
    return found


ASSETS: Mapping[str, Asset] = load(STATIC)


def address(name: str) -> str:
    """Return where a file is, its version included; KeyError names a wrong one."""
    return f"/static/{name}?v={ASSETS[name].version}"


async def static_file(request: Request) -> Response:
    """Serve a file; only an address with the right version is kept for ever.

    The stylesheet names the font without one: its file name carries the version.
    """
    name = request.path_params["name"]
    asset = ASSETS.get(name)
    if asset is None:
        raise HTTPException(404)
    lasting = request.query_params.get("v") == asset.version or name.endswith(".woff2")
    return Response(
        asset.body,
        media_type=asset.media_type,
        headers={"cache-control": FOREVER if lasting else "no-cache"},
    )
