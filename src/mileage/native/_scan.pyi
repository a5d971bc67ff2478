from typing import Any, Self

class LineScanner:
    def __new__(
        cls,
        marker: bytes,
        within: int,
        skip: tuple[bytes, ...],
        keep: tuple[bytes, ...],
        fields: tuple[tuple[str, ...], ...],
    ) -> Self: ...
    def scan(self, chunk: bytes) -> tuple[int, list[Any]]: ...
