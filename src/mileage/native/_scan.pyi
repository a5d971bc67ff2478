from typing import Any, Self

class LineScanner:
    def __new__(
        cls,
        marker: bytes,
        within: int,
        skip: tuple[bytes, ...],
        keep: tuple[bytes, ...],
        fields: tuple[tuple[str, ...], ...],
        grows: bool = False,
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
