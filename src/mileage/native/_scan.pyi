from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias

class LineScanner:
    def __new__(
        cls,
        marker: bytes,
        within: int,
        skip: tuple[bytes, ...],
        keep: tuple[bytes, ...],
        fields: tuple[tuple[str, ...], ...],
        grows: bool = False,
        flat: tuple[bytes, bytes] = ...,
    ) -> Self: ...
    def scan(self, chunk: bytes) -> tuple[int, list[Any]]: ...

class LogScanner:
    def __new__(
        cls, names: tuple[str, ...], keys: tuple[str, ...], most: int
    ) -> Self: ...
    def scan(
        self, body: bytes
    ) -> (
        tuple[
            int, list[tuple[str, dict[str, Any]]], dict[str, tuple[Any, Any, Any, Any]]
        ]
        | None
    ): ...

def answer_rows(
    rows: list[Any], /
) -> tuple[list[tuple[Any, ...]], list[tuple[int, ...]]]: ...
def begin_search(
    root: str,
    wanted: tuple[tuple[bytes, bytes], ...],
    unwanted: tuple[bytes, ...],
    /,
) -> object: ...
def call_sums(
    rows: list[tuple[int, ...]],
    quarter: int,
    price: Callable[[int, int], Sequence[tuple[int, tuple[int, ...]]] | None],
    day: int = 0,
    /,
) -> list[tuple[Any, ...]]: ...
def end_search(search: object, /) -> bytes: ...
def files_of(source: str, packed: bytes, /) -> list[tuple[str, str, int, int, int]]: ...
def holders(parts: list[bytes], wanted: bytes) -> list[int]: ...
def listed_files(
    source: str,
    root: str,
    wanted: tuple[tuple[bytes, bytes], ...],
    unwanted: tuple[bytes, ...],
) -> list[tuple[str, str, int, int, int]]: ...
def named_sums(
    sums: list[tuple[Any, ...]], kinds: list[tuple[Any, ...]], source: str, /
) -> list[tuple[Any, ...]]: ...
def plain_totals(
    rows: list[Any],
    start: int,
    most: int,
    before: tuple[int, ...],
    bounds: tuple[int, int],
    told: tuple[str, object],
) -> tuple[int, tuple[int, ...], list[Any]]: ...
def repeated_keys(parts: list[bytes], among: list[bytes] = ..., /) -> bytes: ...
def row_sums(rows: list[Any], column: int) -> list[tuple[Any, ...]]: ...
def stable_ids(prefix: str, names: list[str]) -> bytes: ...

Fields: TypeAlias = tuple[tuple[str, str], ...]

def arrow_schema(fields: Fields, /) -> object: ...
def arrow_stream(fields: Fields, columns: tuple[list[Any], ...], /) -> object: ...

class SpanSieve:
    def __new__(cls, names: tuple[str, ...], marks: tuple[str, ...]) -> Self: ...
    def may_want(self, span: bytes) -> bool: ...
