"""Reads whole documents, such as one JSON object in a file, up to a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.witness import NOT_READ
from mileage.sources.jsonl import INCOMPLETE, NOT_JSON, Decoded, decode

if TYPE_CHECKING:
    import msgspec

MAX_DOCUMENT_BYTES = 24 * 1024 * 1024
TOO_LARGE = "file larger than the limit"


def read_document(path: str, limit: int = MAX_DOCUMENT_BYTES) -> bytes | str:
    """Return what a file holds, or the reason why that cannot be told."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - paths are text here
            data = stream.read(limit + 1)
    except OSError as error:
        return f"{NOT_READ}{error.strerror or error}"
    return TOO_LARGE if len(data) > limit else data


def decoded_document(
    decoder: msgspec.json.Decoder[Decoded], path: str, limit: int = MAX_DOCUMENT_BYTES
) -> Decoded | str:
    """Return what a document of JSON says, or the reason why that cannot be told."""
    data = read_document(path, limit)
    if isinstance(data, str):
        return data
    found = decode(decoder, data)
    return NOT_JSON if found == INCOMPLETE else found
