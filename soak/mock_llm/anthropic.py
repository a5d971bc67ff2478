"""Anthropic Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_llm.answer import Answer, event

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_call(path: str) -> bool:
    """Tell whether a path asks for an answer; counting tokens is free."""
    return path.endswith("/messages")


def model(_: str, body: dict[str, Any]) -> str:
    """Return the model that was asked for."""
    return str(body.get("model", ""))


def is_streamed(_: str, body: dict[str, Any]) -> bool:
    """Tell whether events are wanted."""
    return bool(body.get("stream"))


def _usage(answer: Answer, output: int) -> dict[str, Any]:
    usage = answer.usage
    return {
        "input_tokens": usage["input"],
        "cache_creation_input_tokens": usage["cache_write"],
        "cache_read_input_tokens": usage["cache_read"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage["cache_write"],
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _message(answer: Answer, content: list[Any], output: int) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.number}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": "end_turn" if content else None,
        "stop_sequence": None,
        "usage": _usage(answer, output),
    }


def whole(answer: Answer) -> dict[str, Any]:
    """Return the answer at once."""
    text = [{"type": "text", "text": answer.text}]
    return _message(answer, text, answer.usage["output"])


def stream(answer: Answer, _: dict[str, Any]) -> Iterator[str]:
    """Yield the request's id, then the events."""
    yield f"req_{answer.number}"
    start = {"type": "message_start", "message": _message(answer, [], 1)}
    yield event(start, "message_start")
    block = {"type": "text", "text": ""}
    yield event(
        {"type": "content_block_start", "index": 0, "content_block": block},
        "content_block_start",
    )
    delta = {"type": "text_delta", "text": answer.text}
    yield event(
        {"type": "content_block_delta", "index": 0, "delta": delta},
        "content_block_delta",
    )
    yield event({"type": "content_block_stop", "index": 0}, "content_block_stop")
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": answer.usage["output"]},
    }
    yield event(end, "message_delta")
    yield event({"type": "message_stop"}, "message_stop")
