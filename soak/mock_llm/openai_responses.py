"""OpenAI Responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_llm.answer import Answer, event

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_call(path: str) -> bool:
    """Tell whether a path asks for an answer."""
    return path.endswith("/responses")


def model(_: str, body: dict[str, Any]) -> str:
    """Return the model that was asked for."""
    return str(body.get("model", ""))


def is_streamed(_: str, body: dict[str, Any]) -> bool:
    """Tell whether events are wanted."""
    return bool(body.get("stream"))


def _item(answer: Answer, status: str, content: list[Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.number}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _text(answer: Answer) -> dict[str, Any]:
    return {"type": "output_text", "text": answer.text, "annotations": []}


def _response(answer: Answer, status: str) -> dict[str, Any]:
    done = status == "completed"
    usage = {
        "input_tokens": answer.prompt,
        "input_tokens_details": {
            "cached_tokens": answer.usage["cache_read"],
            "cache_write_tokens": answer.usage["cache_write"],
        },
        "output_tokens": answer.written,
        "output_tokens_details": {"reasoning_tokens": answer.usage["reasoning"]},
        "total_tokens": answer.prompt + answer.written,
    }
    return {
        "id": f"resp_{answer.number}",
        "object": "response",
        "created_at": 1_795_000_000,
        "status": status,
        "model": answer.model,
        "output": [_item(answer, "completed", [_text(answer)])] if done else [],
        "usage": usage if done else None,
        "error": None,
    }


def whole(answer: Answer) -> dict[str, Any]:
    """Return the answer at once."""
    return _response(answer, "completed")


def stream(answer: Answer, _: dict[str, Any]) -> Iterator[str]:
    """Yield the request's id, then the events."""
    yield f"req_{answer.number}"
    where = {"output_index": 0, "item_id": f"msg_{answer.number}", "content_index": 0}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": _response(answer, "in_progress")}),
        (
            "response.output_item.added",
            {"output_index": 0, "item": _item(answer, "in_progress", [])},
        ),
        (
            "response.content_part.added",
            {**where, "part": {**_text(answer), "text": ""}},
        ),
        ("response.output_text.delta", {**where, "delta": answer.text}),
        ("response.output_text.done", {**where, "text": answer.text}),
        ("response.content_part.done", {**where, "part": _text(answer)}),
        (
            "response.output_item.done",
            {"output_index": 0, "item": _item(answer, "completed", [_text(answer)])},
        ),
        ("response.completed", {"response": _response(answer, "completed")}),
    ]
    for number, (kind, data) in enumerate(steps):
        yield event({"type": kind, "sequence_number": number, **data}, kind)
