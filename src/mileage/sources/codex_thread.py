"""What a Codex rollout says about its thread, and which lines are its parent's.

A fork or a sub-agent may begin with its parent's history, written again in one
burst. Its totals are only where the child's own counting starts. Where child and
parent cannot be told apart, the child does not count (it fails closed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.service import STANDARD
from mileage.sources.jsonl import text

if TYPE_CHECKING:
    from mileage.sources.codex_lines import Payload

# Replayed lines follow one another in milliseconds; an answer takes longer.
_BURST_GAP = 100_000
_SECOND = 1_000_000
_UUID_LENGTH = 36
_LAST_ORDINAL = 2**63 - 1
# Names that users give to their own endpoints say nothing about a vendor.
_VENDORS = {
    "": "openai",
    "amazon-bedrock": "bedrock",
    "amazon-bedrock-runtime": "bedrock",
} | {name: name for name in ("openai", "azure", "oss", "ollama", "lmstudio")}
_ATTENDED = {"cli": True, "vscode": True, "exec": False, "mcp": False}


class Thread:
    """Identity and circumstances of the calls in one file."""

    def __init__(self, place: str) -> None:
        self.thread_id = _thread_of(place)
        self.version = self.cwd = self.agent = self.model = self.tier = ""
        self.vendor = "openai"
        self.attended: bool | None = None
        self._known = False
        self._is_child = False
        self._begun_at = 0
        self._burst_until: int | None = None
        self._own_from = 0
        self._turn_seen = False
        self._task_seen = False

    def introduce(self, meta: Payload, occurred_at: int) -> None:
        """Take the first introduction; later ones are the parent's, replayed."""
        if self._known:
            return
        self._known = True
        self.thread_id = text(meta.id) or self.thread_id
        self.version, self.cwd = text(meta.cli_version), text(meta.cwd)
        self.vendor = _VENDORS.get(text(meta.model_provider), "")
        self.attended = _ATTENDED.get(text(meta.source))
        self.agent = _agent(meta.source)
        self._is_child = bool(meta.forked_from_id or meta.parent_thread_id)
        self._is_child = self._is_child or bool(self.agent)
        start = meta.subagent_history_start_ordinal
        if isinstance(start, int):
            self._own_from = max(0, min(start, _LAST_ORDINAL))
        self._begun_at = self._burst_until = occurred_at

    def turn(self, context: Payload) -> None:
        """Take over the model of the usage that follows."""
        self._turn_seen = True
        self.model = text(context.model) or self.model

    def settings(self, settings: object) -> None:
        """Take over model and tier; they hold until the next settings."""
        if not isinstance(settings, dict):
            return
        self.model = text(settings.get("model")) or self.model
        tier = text(settings.get("service_tier"))
        self.tier = "" if tier in STANDARD else tier

    def asked(self) -> None:
        """Note a user's message: a turn of the child's own, in logs without tasks."""
        self._turn_seen = True

    def follow(self, occurred_at: int) -> None:
        """Watch whether the burst at the start of a child's file still goes on."""
        until = self._burst_until
        if until is None:
            return
        in_second = occurred_at // _SECOND <= self._begun_at // _SECOND
        if in_second or abs(occurred_at - until) <= _BURST_GAP:
            self._burst_until = max(until, occurred_at)
        else:
            self._burst_until = None

    def is_before_own(self, ordinal: Any) -> bool:  # noqa: ANN401
        """Tell whether a line lies in the history that was handed to a child."""
        return isinstance(ordinal, int) and ordinal < self._own_from

    def is_replaying(self, ordinal: Any) -> bool:  # noqa: ANN401
        """Tell whether totals are still the parent's."""
        if self.is_before_own(ordinal):
            return True
        if not self._is_child:
            return False
        begun = self._task_seen or self._turn_seen
        return self._burst_until is not None or not begun

    @property
    def own_from(self) -> int:
        """Return the ordinal before which lines were handed to a child."""
        return self._own_from

    def is_counting(self) -> bool:
        """Tell whether totals are the thread's own, but for what their ordinals say."""
        return self._burst_until is None and not self.is_replaying(None)

    def task_started(self) -> bool:
        """Note a task; return whether what a child seemed to use before was not its.

        Only logs without tasks let a turn's context stand for the first own turn.
        """
        first = self._is_child and not self._task_seen
        self._task_seen = True
        return first


def _thread_of(place: str) -> str:
    """Return the id in a rollout's name; an archived copy keeps it."""
    name = place.replace("\\", "/").rsplit("/", 1)[-1]
    stem = name.removesuffix(".zst").removesuffix(".jsonl")
    tail = stem[-_UUID_LENGTH:]
    return tail if tail.count("-") == 4 else stem  # noqa: PLR2004


def _agent(source: object) -> str:
    """Name the sub-agent by its role, or the helper that wrote the file."""
    if not isinstance(source, dict):
        return ""
    spawned = source.get("subagent")
    if isinstance(spawned, dict):
        spawned = spawned.get("thread_spawn", spawned)
        role = spawned.get("agent_role") if isinstance(spawned, dict) else None
        return text(role) or "subagent"
    return text(spawned) or text(source.get("other"))
