"""Spans: found cheaply, then read by the same allow-list as everything else.

A span that no source can want is never decoded: its bytes are searched for the names
and keys that sources declare, and it is counted. Codex sends 815 spans for three
requests, OpenCode 300 for two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from mileage import native
from mileage.domain.errors import Invalid
from mileage.sources import otlp_json as shape
from mileage.sources.otlp_protobuf import Span as PackedSpan
from mileage.sources.otlp_protobuf import long_texts, packed_keys
from mileage.sources.otlp_record import OtlpRecord, Span
from mileage.sources.otlp_scalar import nanoseconds
from mileage.sources.otlp_walk import framed

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import msgspec

    from mileage.native._scan import SpanSieve
    from mileage.sources.base import SpanSource
    from mileage.sources.otlp_record import Scalar
    from mileage.sources.otlp_walk import Group

_TRACE_BYTES = 16
_SPAN_BYTES = 8
_FAILED = frozenset({2, "STATUS_CODE_ERROR", "2"})
# JSON may write any letter of a key as an escape; such a span is always decoded.
_ESCAPED_LETTER = b"\\u00"
_DIGESTED_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class SpanFilter:
    """Which spans sources want, and what may leave one."""

    names: frozenset[str]
    marks: frozenset[str]
    digests: Mapping[str, tuple[re.Pattern[str], ...]]
    packed_digests: dict[bytes, str]
    words: tuple[bytes, ...]
    """One of them occurs in every span, however encoded, that has a name or a mark."""
    attributes: Callable[[Any], dict[str, Scalar]]
    """The allow-list of attributes."""
    sieve: SpanSieve | None
    """Does the same for packed spans, where the extension was built."""

    @classmethod
    def of(
        cls,
        sources: Iterable[SpanSource],
        attributes: Callable[[Any], dict[str, Scalar]],
        *,
        compiled: bool = True,
    ) -> SpanFilter:
        """Collect what the sources declare."""
        names: set[str] = set()
        marks: set[str] = set()
        digests: dict[str, tuple[re.Pattern[str], ...]] = {}
        for source in sources:
            names |= source.span_names
            marks |= source.span_marks
            for key, pattern in source.digests.items():
                if pattern not in digests.get(key, ()):
                    digests[key] = (*digests.get(key, ()), pattern)
        return cls(
            frozenset(names),
            frozenset(marks),
            digests,
            packed_keys(digests),
            _words(names | marks),
            attributes,
            _sieve(names, marks) if compiled else None,
        )

    def records(self, groups: Iterable[Group]) -> Iterator[OtlpRecord | int]:
        """Yield wanted spans, and for the others how many they were.

        Raises ``Invalid`` when a span that may be wanted cannot be decoded.
        """
        number = 0
        for resource, scope, spans in framed(groups, self.attributes):
            for packed in spans:
                number += 1
                if not self._may_want(packed):
                    yield 1
                    continue
                record = self._record(_decoded(packed), scope, resource, number)
                yield record or 1

    def _may_want(self, packed: bytes | msgspec.Raw) -> bool:
        if self.sieve is not None and isinstance(packed, bytes):
            return self.sieve.may_want(packed)
        text = bytes(packed)
        # A search for each word is ten times as quick as one regular expression.
        return any(word in text for word in self.words)

    def _record(
        self, span: shape.Span, scope: str, resource: dict[str, Scalar], number: int
    ) -> OtlpRecord | None:
        name = span.name if span.name in self.names else ""
        attributes = self.attributes(span.attributes)
        if not name and self.marks.isdisjoint(attributes):
            return None
        if self.digests:
            attributes.update(self._digested(span.attributes or ()))
        ended = nanoseconds(span.end_time_unix_nano)
        instant = ended or nanoseconds(span.start_time_unix_nano)
        return OtlpRecord(
            "traces",
            scope,
            name or "",
            number,
            instant // 1000 or None,
            attributes,
            resource,
            span=Span(
                _hex(span.trace_id, _TRACE_BYTES),
                _hex(span.span_id, _SPAN_BYTES),
                _hex(span.parent_span_id, _SPAN_BYTES),
                span.status is not None and span.status.code in _FAILED,
            ),
        )

    def _digested(self, pairs: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Take ids and counts out of long values, and leave the values behind."""
        if pairs and isinstance(pairs[0], bytes):
            texts = long_texts(pairs, self.packed_digests)
        else:
            texts = {
                pair.key: pair.value.string_value or ""
                for pair in cast("list[shape.KeyValue]", pairs)
                if pair.key in self.digests and pair.value
            }
        found: dict[str, Scalar] = {}
        for key, text in texts.items():
            head = text[:_DIGESTED_CHARACTERS]
            for pattern in self.digests[key]:
                for match in pattern.finditer(head):
                    for group, held in match.groupdict().items():
                        if held is not None:
                            found.setdefault(f"{key}#{group}", held)
        return found


def _sieve(names: set[str], marks: set[str]) -> SpanSieve | None:
    # What was built from older files may lack it.
    sieve = getattr(native.scan, "SpanSieve", None)
    return sieve(tuple(sorted(names)), tuple(sorted(marks))) if sieve else None


def _words(words: Iterable[str]) -> tuple[bytes, ...]:
    """Return what to search bytes for; nothing when nothing is wanted.

    Of words that differ behind the last dot only, what they share is enough: it occurs
    wherever one of them does, and each search costs as much as the whole rest.
    """
    together: dict[str, list[str]] = {}
    for word in words:
        shared = word[: word.rfind(".") + 1] or word
        together.setdefault(shared, []).append(word)
    stems = {stem if len(alike) > 1 else alike[0] for stem, alike in together.items()}
    fewest = {one for one in stems if not any(o != one and o in one for o in stems)}
    return (*(one.encode() for one in sorted(fewest)), _ESCAPED_LETTER) if stems else ()


def _decoded(packed: bytes | msgspec.Raw) -> Any:  # noqa: ANN401
    """Return a message of our schema, or a struct with the same field names."""
    try:
        if isinstance(packed, bytes):
            return PackedSpan.FromString(packed)
        return shape.SPAN.decode(packed)
    except DecodeError:
        raise Invalid("a span in the body is no protobuf message") from None
    except RecursionError:
        raise Invalid("the JSON body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Invalid("the JSON body is not valid UTF-8") from None
    except ValueError as error:
        # msgspec names a position or a path of keys that we declare, never a value.
        raise Invalid(f"the body is no OTLP traces JSON message: {error}") from None


def _hex(sent: bytes | str | None, size: int) -> str:
    """Return an id as hex, or '' when it is none: of another size, or all zero."""
    if isinstance(sent, str):
        try:
            held = bytes.fromhex(sent) if len(sent) == 2 * size else b""
        except ValueError:
            held = b""
    else:
        held = sent or b""
    return held.hex() if len(held) == size and any(held) else ""
