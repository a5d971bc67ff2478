"""The real clients: how each is installed, pointed at a provider, and run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Client:
    """How one client is installed and run."""

    package: str
    binary: str
    arguments: Callable[[str], list[str]]
    """The command line behind the binary, for a prompt."""
    environment: Callable[[str], dict[str, str]]
    """What points it at a provider, given that one's address."""
    files: Callable[[str], dict[str, Any]] = field(default=lambda _: {})
    """Settings of its own, by path below the home; merged with the printed ones."""
    unseen: bool = False
    """Some answers are in no source: calls for titles whose spans were lost."""
    asserts: bool = True
    """Takes an identity from resource attributes."""
    grpc: bool = False
    """The same variables make it send by gRPC."""


def _codex_config(url: str) -> str:
    return (
        'model = "gpt-5.1-codex"\nmodel_provider = "mock"\napproval_policy = "never"\n'
        "check_for_update_on_startup = false\n"
        f'[model_providers.mock]\nname = "mock"\nbase_url = "{url}/v1"\n'
        'env_key = "MOCK_KEY"\nwire_api = "responses"\n[analytics]\nenabled = false\n'
    )


def _gemini_settings(kind: str) -> dict[str, Any]:
    return {
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {
            "auth": {"selectedType": kind},
            "folderTrust": {"enabled": False},
        },
    }


def _opencode_config(url: str) -> dict[str, Any]:
    options = {"apiKey": "dummy", "baseURL": f"{url}/v1"}
    return {
        "autoupdate": False,
        "share": "disabled",
        "model": "anthropic/claude-sonnet-4-5",
        "small_model": "anthropic/claude-haiku-4-5",
        "provider": {"anthropic": {"options": options}},
    }


CLIENTS = {
    "claude-code": Client(
        "@anthropic-ai/claude-code",
        "claude",
        lambda prompt: ["-p", prompt, "--output-format", "json"],
        lambda url: {
            "ANTHROPIC_API_KEY": "dummy",
            "ANTHROPIC_BASE_URL": url,
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "IS_SANDBOX": "1",
        },
        grpc=True,
    ),
    "codex": Client(
        "@openai/codex",
        "codex",
        lambda prompt: ["exec", "--json", "--skip-git-repo-check", prompt],
        lambda _: {"MOCK_KEY": "dummy"},
        lambda url: {".codex/config.toml": _codex_config(url)},
    ),
    "gemini-cli": Client(
        "@google/gemini-cli",
        "gemini",
        lambda prompt: [
            "--yolo",
            "--skip-trust",
            "--output-format",
            "json",
            "-m",
            "gemini-2.5-pro",
            "-p",
            prompt,
        ],
        lambda url: {
            "GEMINI_API_KEY": "dummy",
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_CLI_NO_RELAUNCH": "true",
        },
        lambda _: {".gemini/settings.json": _gemini_settings("gemini-api-key")},
    ),
    "copilot": Client(
        "@github/copilot",
        "copilot",
        lambda prompt: ["--allow-all-tools", "-p", prompt],
        lambda url: {
            "COPILOT_AUTO_UPDATE": "false",
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_TYPE": "anthropic",
            "COPILOT_PROVIDER_BASE_URL": url,
            "COPILOT_PROVIDER_WIRE_API": "completions",
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_MODEL": "claude-sonnet-4-5",
        },
    ),
    "opencode": Client(
        "opencode-ai",
        "opencode",
        lambda prompt: ["run", prompt],
        lambda _: {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        lambda url: {".config/opencode/opencode.json": _opencode_config(url)},
        unseen=True,
    ),
    "qwen-code": Client(
        "@qwen-code/qwen-code",
        "qwen",
        lambda prompt: ["--yolo", "-p", prompt],
        lambda url: {
            "OPENAI_API_KEY": "dummy",
            "OPENAI_BASE_URL": f"{url}/v1",
            "OPENAI_MODEL": "qwen3-coder-plus",
        },
        lambda _: {".qwen/settings.json": _gemini_settings("openai")},
        asserts=False,
    ),
}
"""Command lines and variables as of the versions of November 2026."""
