"""``mileage setup``: snippets that parse, report here, and keep content at home.

``soak/clients.py`` gives them to the real clients.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mileage.cli.client_settings import CLIENTS, COLLECTED, checked, settings_for
from mileage.cli.collect import command as collect
from mileage.cli.setup import command
from mileage.domain.errors import Invalid
from mileage.domain.problems import FILES_ONLY_CLIENTS, TELEMETRY_CLIENTS
from mileage.sources.installed import log_sources

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://mileage.example.org:8443"
TOKEN = "mlg_c_abcDEF-123"
WHO = "ana+x@example.org"


def run(*words: str) -> Any:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def told(client: str, *words: str) -> dict[str, Any]:
    result = run(client, "--json", *words)
    assert result.exit_code == 0
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def settings(client: str, *words: str) -> Any:
    """The settings file, parsed as its client does."""
    text, *_ = [
        file["content"]
        for file in told(client, *words)["files"]
        if file["what"] == "settings"
    ]
    return tomllib.loads(text) if client == "codex" else json.loads(text)


def environment(client: str, *words: str) -> dict[str, str]:
    """The exported variables, as a shell reads them."""
    found: dict[str, str] = {}
    for file in told(client, *words)["files"]:
        if file["what"] == "environment":
            lines = file["content"].splitlines()
            assert all(line.startswith("export ") for line in lines)
            pairs = (shlex.split(line)[1].partition("=") for line in lines)
            found.update({name: value for name, _, value in pairs})
    return found


GIVEN = ("--endpoint", URL, "--token", TOKEN, "--identity", WHO)
OTLP = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": URL,
    "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer {TOKEN}",
    "OTEL_RESOURCE_ATTRIBUTES": f"user.email={WHO}",
}


def test_claude_code_reports_here_without_content() -> None:
    found = settings("claude-code", *GIVEN)
    assert found == {
        "env": {
            **OTLP,
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_LOG_USER_PROMPTS": "0",
            "OTEL_LOG_ASSISTANT_RESPONSES": "0",
            "OTEL_LOG_TOOL_DETAILS": "0",
            "OTEL_LOG_TOOL_CONTENT": "0",
            "OTEL_LOG_RAW_API_BODIES": "0",
        }
    }


def test_codex_reports_to_the_whole_address_without_prompts() -> None:
    found = settings("codex", *GIVEN)["otel"]
    assert found["log_user_prompt"] is False
    exporter = found["exporter"]["otlp-http"]
    assert exporter == {
        "endpoint": f"{URL}/v1/logs",
        "protocol": "binary",
        "headers": {"Authorization": f"Bearer {TOKEN}"},
    }
    assert environment("codex", *GIVEN) == {
        "OTEL_RESOURCE_ATTRIBUTES": f"user.email={WHO}"
    }
    assert environment("codex", "--token", TOKEN) == {}


@pytest.mark.parametrize("client", ["gemini-cli", "qwen-code"])
def test_the_gemini_family_needs_its_prompts_switched_off(client: str) -> None:
    assert settings(client, *GIVEN) == {
        "telemetry": {
            "enabled": True,
            "target": "local",
            "otlpEndpoint": URL,
            "otlpProtocol": "http",
            "logPrompts": False,
        }
    }
    variables = environment(client, *GIVEN)
    assert variables["OTEL_EXPORTER_OTLP_HEADERS"] == OTLP["OTEL_EXPORTER_OTLP_HEADERS"]
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in variables


def test_copilot_takes_its_environment_and_the_editor_its_file() -> None:
    assert environment("copilot", *GIVEN) == {
        **OTLP,
        "COPILOT_OTEL_ENABLED": "true",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false",
    }
    editor = settings("copilot", *GIVEN)
    assert editor["github.copilot.chat.otel.captureContent"] is False
    assert editor["github.copilot.chat.otel.otlpEndpoint"] == URL


def test_an_enterprise_says_it_once_for_every_copilot() -> None:
    *_, file = told("copilot", *GIVEN)["files"]
    assert file["own"] == {}
    assert file["managed"]["linux"] == "/etc/github-copilot/managed-settings.json"
    assert json.loads(file["content"]) == {
        "telemetry": {
            "enabled": True,
            "endpoint": URL,
            "captureContent": False,
            "lockCaptureContent": True,
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "resourceAttributes": {"user.email": WHO},
        }
    }


def test_opencode_needs_a_switch_and_the_environment() -> None:
    assert settings("opencode", *GIVEN) == {"experimental": {"openTelemetry": True}}
    assert environment("opencode", *GIVEN) == OTLP


@pytest.mark.parametrize("client", CLIENTS)
def test_every_file_has_its_place_on_linux_and_macos(client: str) -> None:
    answer = told(client)
    assert answer["covered_by"] == "telemetry"
    assert answer["sources"]
    for file in answer["files"]:
        assert file["own"].keys() | file["managed"] == {"linux", "macos"}
        assert set(file["own"]) in ({"linux", "macos"}, set())
        assert all(path.startswith("~/") for path in file["own"].values())
        assert all(path.startswith("/") for path in file["managed"].values())
    managed = [file for file in answer["files"] if file["managed"]]
    assert managed
    assert all(set(file["managed"]) == {"linux", "macos"} for file in managed)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_token_is_never_invented(client: str) -> None:
    result = run(client)
    assert "mlg_" not in result.stdout
    assert "<TOKEN>" in result.stdout
    assert "mileage token create" in result.stderr
    assert told(client)["token_to_fill_in"] is True
    given = run(client, *GIVEN)
    assert TOKEN in given.stdout
    assert "<TOKEN>" not in given.output
    assert told(client, *GIVEN)["token_to_fill_in"] is False


@pytest.mark.parametrize("client", CLIENTS)
def test_without_an_identity_none_is_asserted(client: str) -> None:
    assert "user.email" not in run(client, "--token", TOKEN).output
    reports = client != "qwen-code"
    assert ("user.email" in run(client, *GIVEN).stdout) or not reports


@pytest.mark.parametrize("client", CLIENTS)
def test_the_text_says_where_how_to_test_and_what_will_be_seen(client: str) -> None:
    text = run(client, *GIVEN).stdout
    answer = told(client, *GIVEN)
    for file in answer["files"]:
        assert file["content"].strip() in text
        assert all(path in text for path in file["own"].values())
        assert all(path in text for path in file["managed"].values())
    assert answer["test"] in text
    assert all(source in text for source in answer["sources"])
    assert all(note in text for note in answer["notes"])


@pytest.mark.parametrize("client", COLLECTED)
def test_clients_without_telemetry_are_collected(client: str) -> None:
    result = run(client)
    assert "export MILEAGE_TOKEN='<TOKEN>'\n" in result.stdout
    assert "mileage token create" in result.stderr
    answer = told(client)
    assert answer["covered_by"] == "collect"
    assert answer["reads"] in result.stdout
    assert all(command in result.stdout for command in answer["commands"])
    assert "export MILEAGE_TOKEN=mlg_c_abcDEF-123\n" in run(client, *GIVEN).stdout
    assert told(client, *GIVEN)["environment"] == {"MILEAGE_TOKEN": TOKEN}


@pytest.mark.parametrize("client", ["pi", "aider"])
def test_what_it_says_to_type_is_understood(
    client: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = told(client, *GIVEN)
    monkeypatch.setenv("HOME", str(tmp_path))
    (name, value), *_ = answer["environment"].items()
    monkeypatch.setenv(name, value)
    _, install = (shlex.split(words) for words in answer["commands"])
    assert install[:3] == ["mileage", "collect", "install"]
    done = CliRunner().invoke(collect, [*install[2:], "--print", "--with", "cron"])
    assert done.exit_code == 0, done.output
    assert f"--to {URL}" in done.output
    assert f"--account {WHO}" in done.output


def test_aider_is_said_to_be_an_estimate() -> None:
    text = run("aider").stdout
    assert "estimates" in text
    assert "AIDER_ANALYTICS_LOG" in text


@pytest.mark.parametrize("client", CLIENTS)
def test_an_environment_is_read_by_a_new_shell(client: str) -> None:
    text = run(client, "--token", TOKEN).stdout
    named = environment(client, "--token", TOKEN)
    assert (". ~/." in text.partition("# Test it")[0]) == bool(named)
    assert ("Linux with zsh, which reads no ~/.profile: ~/.zshenv" in text) == bool(
        named
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--endpoint", "127.0.0.1:8470"), "is no address"),
        (("--endpoint", "ftp://x"), "is no address"),
        (("--endpoint", "http://[x"), "is no address"),
        (("--endpoint", "http://x:99999"), "is no address"),
        (("--endpoint", "http://x:0"), "is no address"),
        (("--endpoint", "http://x y"), "is no address"),
        (("--endpoint", "http://:8470"), "is no address"),
        (("--endpoint", "http://x/v1/logs"), "has a path"),
        (("--endpoint", "http://x?y=1"), "has a path"),
        (("--token", "two words"), "is no token"),
        (("--token", ""), "is no token"),
        (("--token", 'a\n"b'), "is no token"),
        (("--identity", "a b"), "is no e-mail"),
        (("--identity", "a,b=c"), "is no e-mail"),
    ],
)
def test_what_no_file_could_hold_is_refused(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        run("codex", *words)


def test_an_address_may_have_an_apostrophe() -> None:
    variables = settings("claude-code", "--identity", "o'brien@example.org")["env"]
    (said,) = variables["OTEL_RESOURCE_ATTRIBUTES"].split(",")
    assert unquote(said) == "user.email=o'brien@example.org"


def test_an_unknown_client_is_wrong_usage() -> None:
    result = run("emacs")
    assert result.exit_code == 2
    assert "claude-code" in result.output


def test_a_trailing_slash_is_no_path() -> None:
    found = settings("codex", "--endpoint", "http://127.0.0.1:8470/")
    assert found["otel"]["exporter"]["otlp-http"]["endpoint"] == (
        "http://127.0.0.1:8470/v1/logs"
    )


VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@given(token=VISIBLE, client=st.sampled_from(sorted(CLIENTS)))
def test_any_token_survives_quoting(token: str, client: str) -> None:
    found = settings_for(client, checked(URL, token, WHO))
    values: list[str] = []
    for file in found.files:
        if file.what == "environment":
            values += [shlex.split(line)[1] for line in file.content.splitlines()]
        elif client == "codex":
            values.append(repr(tomllib.loads(file.content)))
            headers = tomllib.loads(file.content)["otel"]["exporter"]["otlp-http"]
            assert headers["headers"]["Authorization"] == f"Bearer {token}"
        else:
            values += map(str, json.loads(file.content).get("env", {}).values())
    assert client == "codex" or any(one.endswith(f"Bearer {token}") for one in values)


@given(st.text(max_size=40))
def test_any_identity_is_taken_or_refused(identity: str) -> None:
    try:
        to = checked(URL, TOKEN, identity)
    except Invalid:
        return
    assert to.attributes.count("=") == 1
    assert to.attributes.isascii()
    assert not set(to.attributes) & set(" ,;\"'\\")


def test_the_doctor_sends_people_to_clients_that_setup_knows() -> None:
    assert set(TELEMETRY_CLIENTS) == set(CLIENTS)
    assert set(FILES_ONLY_CLIENTS) == set(COLLECTED)


def test_every_client_that_leaves_logs_is_known() -> None:
    read = {source.traits.client for source in log_sources()}
    assert {*CLIENTS, *COLLECTED} >= read
