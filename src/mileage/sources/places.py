"""Where clients keep what they write on a person's machine: names, nothing opened.

Apart from the sources, so that a command can look for their folders without loading
readers of formats that nobody here uses.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    Places: TypeAlias = Callable[[PurePath, Mapping[str, str]], list[PurePath]]


def claude_code_log(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``CLAUDE_CONFIG_DIR`` (a comma list) replaces both default folders."""
    folders = _listed(environ, "CLAUDE_CONFIG_DIR")
    if not folders:
        config = environ.get("XDG_CONFIG_HOME") or home / ".config"
        folders = [home / ".claude", PurePath(config) / "claude"]
    return [folder / "projects" for folder in folders]


def codex_rollout(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """Name both places: archiving moves a rollout."""
    codex = PurePath(environ.get("CODEX_HOME") or home / ".codex")
    return [codex / "sessions", codex / "archived_sessions"]


def gemini_cli_chat(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``GEMINI_DATA_DIR`` (a comma list) is the folder of projects itself."""
    base = PurePath(environ.get("GEMINI_CLI_HOME") or home)
    return _listed(environ, "GEMINI_DATA_DIR") or [base / ".gemini" / "tmp"]


def qwen_code_chat(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``QWEN_RUNTIME_DIR``, ``QWEN_HOME`` and ``QWEN_DATA_DIR`` (a comma list)."""
    folders = _listed(environ, "QWEN_DATA_DIR")
    chosen = environ.get("QWEN_RUNTIME_DIR") or environ.get("QWEN_HOME")
    if chosen or not folders:
        folders.insert(0, PurePath(chosen) if chosen else home / ".qwen")
    return [folder / "projects" for folder in folders]


def opencode_db(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``OPENCODE_DATA_DIR``, else the folder of programs' data."""
    chosen = environ.get("OPENCODE_DATA_DIR")
    return [PurePath(chosen) if chosen else _data(home, environ) / "opencode"]


def kilo_db(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """Kilo keeps OpenCode's schema in a folder of its own."""
    return [_data(home, environ) / "kilo"]


def copilot_events(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``COPILOT_HOME`` replaces ``~/.copilot``."""
    copilot = PurePath(environ.get("COPILOT_HOME") or home / ".copilot")
    return [copilot / "session-state"]


def pi_session(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``PI_CODING_AGENT_DIR`` replaces ``~/.pi/agent``."""
    chosen = environ.get("PI_CODING_AGENT_DIR")
    return [(PurePath(chosen) if chosen else home / ".pi" / "agent") / "sessions"]


def amp_thread(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """``AMP_DATA_DIR``, else the folder of programs' data."""
    chosen = environ.get("AMP_DATA_DIR")
    return [(PurePath(chosen) if chosen else _data(home, environ) / "amp") / "threads"]


def droid_session(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """Droid has one place."""
    del environ
    return [home / ".factory" / "sessions"]


def kimi_wire(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """Name the folders of the older client and of Kimi Code."""
    kimi = PurePath(environ.get("KIMI_SHARE_DIR") or home / ".kimi")
    code = PurePath(environ.get("KIMI_CODE_HOME") or home / ".kimi-code")
    return [kimi / "sessions", code / "sessions"]


def aider_analytics(home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
    """Name the file that a person chose; without that aider keeps none."""
    del home
    chosen = environ.get("AIDER_ANALYTICS_LOG")
    return [PurePath(chosen)] if chosen else []


def _data(home: PurePath, environ: Mapping[str, str]) -> PurePath:
    return PurePath(environ.get("XDG_DATA_HOME") or home / ".local" / "share")


def _listed(environ: Mapping[str, str], name: str) -> list[PurePath]:
    parts = environ.get(name, "").split(",")
    return [PurePath(part.strip()) for part in parts if part.strip()]


SUMS = frozenset({"droid_session"})
"""Sources of which a call is the sum of several, as their traits say."""
_NO_MESSAGES = ("bin", "log", "part", "session_diff", "snapshot", "tool-output")
NAMES: Mapping[str, tuple[str, ...]] = {
    "aider_analytics": ("*.jsonl",),
    "amp_thread": ("T-*.json",),
    "claude_code_log": ("*.jsonl", "!journal.jsonl"),
    "codex_rollout": ("*.jsonl", "*.jsonl.zst"),
    "copilot_events": (
        *("events.jsonl", "!checkpoints/", "!rewind-file-snapshots/", "!files/"),
    ),
    "droid_session": ("*.settings.json",),
    "gemini_cli_chat": ("*.jsonl", "session-*.json"),
    "kilo_db": ("kilo.db", "!*/"),
    "kimi_wire": ("wire.jsonl", "!blobs/", "!tasks/"),
    "opencode_db": (
        *("opencode.db", "opencode-*.db", "msg_*.json"),
        *(f"!{name}/" for name in _NO_MESSAGES),
    ),
    "pi_session": ("*.jsonl",),
    "qwen_code_chat": ("*.jsonl",),
}
"""Of each of our sources the names of files, as its ``patterns`` has them."""
