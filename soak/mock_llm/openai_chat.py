"""OpenAI Chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_llm.answer import Answer, event

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_call(path: str) -> bool:
    """Tell whether a path asks for an answer."""
    return path.endswith("/chat/completions")


def model(_: str, body: dict[str, Any]) -> str:
    """Return the model that was asked for."""
    return str(body.get("model", ""))


def is_streamed(_: str, body: dict[str, Any]) -> bool:
    """Tell whether events are wanted."""
    return bool(body.get("stream"))


def _usage(answer: Answer) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.prompt,
        "completion_tokens": answer.written,
        "total_tokens": answer.prompt + answer.written,
        "prompt_tokens_details": {"cached_tokens": answer.usage["cache_read"]},
        "completion_tokens_details": {"reasoning_tokens": answer.usage["reasoning"]},
    }


def _body(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.number}",
        "object": kind,
        "created": 1_795_000_000,
        "model": answer.model,
    }


def whole(answer: Answer) -> dict[str, Any]:
    """Return the answer at once."""
    message = {"role": "assistant", "content": answer.text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = _body(answer, "chat.completion")
    return {**body, "choices": [choice], "usage": _usage(answer)}


def stream(answer: Answer, body: dict[str, Any]) -> Iterator[str]:
    """Yield the request's id, then the events; usage only when it was asked for."""
    yield f"req_{answer.number}"
    head = _body(answer, "chat.completion.chunk")
    delta = {"role": "assistant", "content": answer.text}
    for choice in (
        {"index": 0, "delta": delta, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ):
        yield event({**head, "choices": [choice]})
    if (body.get("stream_options") or {}).get("include_usage"):
        yield event({**head, "choices": [], "usage": _usage(answer)})
    yield "data: [DONE]\n\n"
