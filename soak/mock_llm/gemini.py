"""Gemini: the model is in the path, thoughts are beside the candidates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mock_llm.answer import Answer, event

if TYPE_CHECKING:
    from collections.abc import Iterator

_CALL = re.compile(r"/models/([^/:]+):(generateContent|streamGenerateContent)$")


def is_call(path: str) -> bool:
    """Tell whether a path asks for an answer; counting tokens is free."""
    return bool(_CALL.search(path))


def model(path: str, _: dict[str, Any]) -> str:
    """Return the model that was asked for."""
    found = _CALL.search(path)
    return found[1] if found else ""


def is_streamed(path: str, _: dict[str, Any]) -> bool:
    """Tell whether events are wanted."""
    return "stream" in path


def whole(answer: Answer) -> dict[str, Any]:
    """Return the answer at once, or as the one event of a stream."""
    usage = answer.usage
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": answer.text}]},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": answer.prompt,
            "candidatesTokenCount": usage["output"],
            "thoughtsTokenCount": usage["reasoning"],
            "cachedContentTokenCount": usage["cache_read"],
            "totalTokenCount": answer.prompt + answer.written,
        },
        "modelVersion": answer.model,
        "responseId": answer.number,
    }


def stream(answer: Answer, _: dict[str, Any]) -> Iterator[str]:
    """Yield the request's id, then the one event."""
    yield f"req_{answer.number}"
    yield event(whole(answer))
