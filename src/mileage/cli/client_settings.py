"""The settings that make each client report to Mileage: text in, text out.

Names of settings and files as published by the clients and tried with them
(``soak/clients.py``); content is switched off wherever a client has a switch.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

TOKEN_TO_FILL_IN = "<TOKEN>"  # noqa: S105 - says where one belongs
_WORD = re.compile(r"[!-~]{1,512}")
_IDENTITY = re.compile(r"[^\s,;=\"\\]{1,256}")
_CODEX_ENVIRONMENT = "prod"


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where a client shall report, and as whom."""

    endpoint: str
    """Origin of the server, without a path."""
    token: str
    """An ingest token, or ``TOKEN_TO_FILL_IN``."""
    identity: str
    """An e-mail for the resource attributes, or ''."""

    @property
    def authorization(self) -> str:
        """The header as OTLP exporters read it from the environment."""
        return f"Authorization=Bearer {self.token}"

    @property
    def attributes(self) -> str:
        """The resource attributes that say who it is, '' for none."""
        return f"user.email={quote(self.identity, safe='@+._~-')}"

    def environment(self, **fixed: str) -> dict[str, str]:
        """Return the variables that every OTLP exporter obeys, after ``fixed``."""
        found = {
            **fixed,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint,
            "OTEL_EXPORTER_OTLP_HEADERS": self.authorization,
        }
        if self.identity:
            found["OTEL_RESOURCE_ATTRIBUTES"] = self.attributes
        return found


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One file to put in place, with its whole content."""

    what: Literal["settings", "environment"]
    managed: Mapping[str, str]
    """Path for everybody on the machine, by system."""
    own: Mapping[str, str]
    """Path for oneself, by system; {} if it is for everybody alone."""
    content: str


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Everything that makes one client report."""

    client: str
    sources: tuple[str, ...]
    """Sources that hear of it when it works."""
    files: tuple[SettingsFile, ...]
    test: str
    """A command that makes one call."""
    notes: tuple[str, ...]


def checked(endpoint: str, token: str | None, identity: str | None) -> Reporting:
    """Return where to report; raises Invalid for what no file could hold."""
    parts = _parts(endpoint)
    if parts is None:
        message = f"--endpoint {endpoint!r} is no address such as http://127.0.0.1:8470"
        raise Invalid(message)
    if parts.path.strip("/") or parts.query or parts.fragment:
        message = f"--endpoint {endpoint!r} has a path; give the server's origin only"
        raise Invalid(message)
    if token is not None and not _WORD.fullmatch(token):
        message = "--token is no token: it has spaces or is empty"
        raise Invalid(message)
    if identity is not None and not _IDENTITY.fullmatch(identity):
        message = f"--identity {identity!r} is no e-mail address"
        raise Invalid(message)
    origin = f"{parts.scheme}://{parts.netloc}"
    return Reporting(origin, token or TOKEN_TO_FILL_IN, identity or "")


def _parts(endpoint: str) -> SplitResult | None:
    """Take an address apart; None where it is none."""
    try:
        parts = urlsplit(endpoint)
        somewhere = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    known = parts.scheme in ("http", "https")
    blank = any(map(str.isspace, parts.netloc))
    return parts if known and somewhere and not blank else None


def settings_for(client: str, to: Reporting) -> ClientSettings:
    """Return the settings of one client of ``CLIENTS``."""
    return CLIENTS[client](to)


def _both(path: str) -> dict[str, str]:
    return {"linux": path, "macos": path}


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _exports(client: str, variables: Mapping[str, str]) -> SettingsFile:
    """Return variables for the shell from which the client is started."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return SettingsFile(
        "environment",
        {"linux": f"/etc/profile.d/mileage-{client}.sh", "macos": "/etc/zshenv"},
        {"linux": "~/.profile", "macos": "~/.zshenv"},
        "\n".join(lines) + "\n",
    )


def _claude_code(to: Reporting) -> ClientSettings:
    content_off = (
        "OTEL_LOG_USER_PROMPTS",
        "OTEL_LOG_ASSISTANT_RESPONSES",
        "OTEL_LOG_TOOL_DETAILS",
        "OTEL_LOG_TOOL_CONTENT",
        "OTEL_LOG_RAW_API_BODIES",
    )
    variables = to.environment(
        CLAUDE_CODE_ENABLE_TELEMETRY="1",
        OTEL_LOGS_EXPORTER="otlp",
        OTEL_METRICS_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )
    file = SettingsFile(
        "settings",
        {
            "linux": "/etc/claude-code/managed-settings.json",
            "macos": "/Library/Application Support/ClaudeCode/managed-settings.json",
        },
        _both("~/.claude/settings.json"),
        _json({"env": {**variables, **dict.fromkeys(content_off, "0")}}),
    )
    return ClientSettings(
        "claude-code",
        ("claude_code_otlp",),
        (file,),
        'claude -p "say hi"',
        (
            (
                "Collect its session files too (`mileage collect`): only they tell "
                "cache writes for one hour from those for five minutes."
            ),
        ),
    )


def _codex(to: Reporting) -> ClientSettings:
    text = json.dumps
    file = SettingsFile(
        "settings",
        _both("/etc/codex/managed_config.toml"),
        _both("~/.codex/config.toml"),
        "[otel]\n"
        f"environment = {text(_CODEX_ENVIRONMENT)}\n"
        "log_user_prompt = false\n\n"
        "[otel.exporter.otlp-http]\n"
        f"endpoint = {text(f'{to.endpoint}/v1/logs')}\n"
        'protocol = "binary"\n\n'
        "[otel.exporter.otlp-http.headers]\n"
        f"Authorization = {text(f'Bearer {to.token}')}\n",
    )
    identity = {"OTEL_RESOURCE_ATTRIBUTES": to.attributes}
    return ClientSettings(
        "codex",
        ("codex_otlp",),
        (file, _exports("codex", identity)) if to.identity else (file,),
        'codex exec "say hi"',
        (
            (
                "The endpoint is the whole address, with /v1/logs. Its metrics and "
                "spans repeat the tokens of its logs and need not be sent."
            ),
        ),
    )


def _telemetry_block(to: Reporting) -> str:
    block = {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": to.endpoint,
        "otlpProtocol": "http",
        "logPrompts": False,
    }
    return _json({"telemetry": block})


def _gemini_cli(to: Reporting) -> ClientSettings:
    file = SettingsFile(
        "settings",
        {
            "linux": "/etc/gemini-cli/settings.json",
            "macos": "/Library/Application Support/GeminiCli/settings.json",
        },
        _both("~/.gemini/settings.json"),
        _telemetry_block(to),
    )
    return ClientSettings(
        "gemini-cli",
        ("gemini_cli_otlp",),
        (file, _exports("gemini-cli", _headers(to))),
        'gemini -p "say hi"',
        (
            (
                "Prompts are logged by default: logPrompts must be false. Even so a "
                "prompt given with -p travels as process.command_args; Mileage drops "
                "it before anything is written."
            ),
            "A session that ends with an error loses all of its telemetry.",
        ),
    )


def _qwen_code(to: Reporting) -> ClientSettings:
    file = SettingsFile(
        "settings",
        {
            "linux": "/etc/qwen-code/settings.json",
            "macos": "/Library/Application Support/QwenCode/settings.json",
        },
        _both("~/.qwen/settings.json"),
        _telemetry_block(to),
    )
    return ClientSettings(
        "qwen-code",
        ("qwen_code_otlp",),
        (file, _exports("qwen-code", _headers(to))),
        'qwen -p "say hi"',
        (
            "It ignores resource attributes: only a personal token says who it is.",
            (
                "Requests and answers travel although logPrompts is false; Mileage "
                "drops them before anything is written."
            ),
        ),
    )


def _headers(to: Reporting) -> dict[str, str]:
    """Return what settings files of the Gemini family have no key for."""
    variables = to.environment()
    del variables["OTEL_EXPORTER_OTLP_ENDPOINT"]
    return variables


def _copilot(to: Reporting) -> ClientSettings:
    variables = to.environment(
        COPILOT_OTEL_ENABLED="true",
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="false",
    )
    editor: dict[str, Any] = {
        "github.copilot.chat.otel.enabled": True,
        "github.copilot.chat.otel.exporterType": "otlp-http",
        "github.copilot.chat.otel.otlpEndpoint": to.endpoint,
        "github.copilot.chat.otel.captureContent": False,
    }
    own = {
        "linux": "~/.config/Code/User/settings.json",
        "macos": "~/Library/Application Support/Code/User/settings.json",
    }
    return ClientSettings(
        "copilot",
        ("copilot_otlp",),
        (
            _exports("copilot", variables),
            SettingsFile("settings", {}, own, _json(editor)),
            _copilot_of_an_enterprise(to),
        ),
        'copilot -p "say hi"',
        (
            (
                "The environment is for Copilot CLI, and carries the token for VS Code "
                "too when that is started from the same shell; the second file is for "
                "VS Code."
            ),
            (
                "The third file is an enterprise's, for both, and wins over what "
                "people set; it has to be root's. Its token reaches VS Code "
                "alone: Copilot CLI takes that from the environment."
            ),
        ),
    )


def _copilot_of_an_enterprise(to: Reporting) -> SettingsFile:
    telemetry: dict[str, Any] = {
        "enabled": True,
        "endpoint": to.endpoint,
        "captureContent": False,
        "lockCaptureContent": True,
        "headers": {"Authorization": f"Bearer {to.token}"},
    }
    if to.identity:
        telemetry["resourceAttributes"] = {"user.email": to.identity}
    managed = {
        "linux": "/etc/github-copilot/managed-settings.json",
        "macos": "/Library/Application Support/GitHubCopilot/managed-settings.json",
    }
    return SettingsFile("settings", managed, {}, _json({"telemetry": telemetry}))


def _opencode(to: Reporting) -> ClientSettings:
    file = SettingsFile(
        "settings",
        {
            "linux": "/etc/opencode/opencode.json",
            "macos": "/Library/Application Support/opencode/opencode.json",
        },
        _both("~/.config/opencode/opencode.json"),
        _json({"experimental": {"openTelemetry": True}}),
    )
    return ClientSettings(
        "opencode",
        ("opencode_otlp",),
        (file, _exports("opencode", to.environment())),
        'opencode run "say hi"',
        (
            (
                "Its spans carry prompts and have no switch for them; Mileage drops "
                "them before anything is written. Where they must not travel, use "
                "`mileage collect` alone."
            ),
            (
                "Spans are lost at random when `opencode run` ends: collect its "
                "database too (`mileage collect`). What both saw counts once."
            ),
        ),
    )


CLIENTS: Mapping[str, Callable[[Reporting], ClientSettings]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini-cli": _gemini_cli,
    "copilot": _copilot,
    "opencode": _opencode,
    "qwen-code": _qwen_code,
}

COLLECTED: Mapping[str, str] = {
    "pi": "its session files below ~/.pi/agent/sessions",
    "amp": "its thread files below ~/.local/share/amp/threads",
    "droid": "its session files below ~/.factory/sessions",
    "kimi": "its wire logs below ~/.kimi/sessions",
    "kilo": "its database kilo.db in ~/.local/share/kilo",
    "aider": "its analytics log, in the file that AIDER_ANALYTICS_LOG names: export it "
    "where aider starts and where `mileage collect` does. It holds estimates: they are "
    "shown as such and added to no figure",
}
"""Clients without telemetry of their own that Mileage reads: what is collected."""
