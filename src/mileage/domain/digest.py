"""BLAKE2b without the rest of ``hashlib``, which loads OpenSSL: 3 ms of every start."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # not CPython's own way any more: then the long one
    from hashlib import blake2b

__all__ = ["blake2b"]
