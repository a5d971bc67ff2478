"""Having a machine collect by itself: what is written, run, repeated and undone."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
import threading
from configparser import ConfigParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from mileage.cli.collect_service import CRON_MARK, Job, cron_line, service, without_ours
from mileage.cli.commands import root
from mileage.domain.errors import MileageError

RECEIPT = (
    b'{"witnesses":0,"activities":0,"rejected":0,"reasons":[],"recipient":"rcp_1",'
    b'"sources":[],"version":"0.1.0"}'
)
HOSTILE = '/home/a b/100%/$HOME/"quoted"/back\\slash;x'
JOB = Job(
    ("/opt/py thon", "-m", "mileage", "collect", "--home", HOSTILE),
    {"CODEX_HOME": HOSTILE},
    Path("/home/alice"),
    501,
)


# ------------------------------------------------------------------------ the texts


def unit_of(text):
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return parser


def test_the_unit_is_hardened_and_restarts():
    unit = unit_of(service("systemd", JOB).text)
    assert unit["Install"]["WantedBy"] == "default.target"
    section = unit["Service"]
    assert section["Restart"] == "on-failure"
    assert section["NoNewPrivileges"] == "yes"
    assert section["UMask"] == "0077"
    assert section["SystemCallFilter"] == "@system-service"
    assert section["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert section["ExecStart"].endswith(" --watch")
    # These need namespaces, which several distributions forbid to people.
    assert not {"ProtectSystem", "ProtectHome", "PrivateTmp"} & set(section)


def unquoted(words):
    """Read words of a unit as systemd does: C escapes, %% and $$."""
    return [
        word.replace("%%", "%").replace("$$", "$")
        for word in shlex.split(words, posix=True)
    ]


def test_no_word_of_a_unit_can_say_something_else():
    section = unit_of(service("systemd", JOB).text)["Service"]
    assert unquoted(section["ExecStart"]) == [*JOB.command, "--watch"]
    (given,) = shlex.split(section["Environment"])
    assert given.replace("%%", "%") == f"CODEX_HOME={HOSTILE}"


def test_the_agent_says_the_same():
    made = service("launchd", JOB)
    agent = plistlib.loads(made.text.encode())
    assert agent["ProgramArguments"] == [*JOB.command, "--watch"]
    assert agent["EnvironmentVariables"] == dict(JOB.environ)
    assert agent["RunAtLoad"] is True
    assert agent["Umask"] == 0o077
    assert made.file == Path("/home/alice/Library/LaunchAgents/mileage-collect.plist")
    assert made.begin == (("launchctl", "bootstrap", "gui/501", str(made.file)),)
    assert made.end == (("launchctl", "bootout", "gui/501/mileage-collect"),)


def test_the_line_of_cron_runs_what_it_should():
    line = cron_line(("echo", HOSTILE), {"A_B": "x y%"})
    assert line.endswith(f" {CRON_MARK}\n")
    assert line.count("\n") == 1
    command = line.split(" ", 5)[5].replace("\\%", "%").partition(" >/dev/null")[0]
    assert shlex.split(command) == ["env", "A_B=x y%", "echo", HOSTILE]
    # An unescaped per cent sign ends the command.
    assert "%" not in line.replace("\\%", "")
    assert "--watch" not in line


def test_the_lines_of_others_stay_in_the_crontab():
    theirs = "MAILTO=me\n# mileage collect is nice\n* * * * * backup\n"
    table = theirs + cron_line(("x",), {}) + cron_line(("y",), {})
    assert without_ours(table) == theirs
    assert without_ours("") == ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    file = tmp_path / "mileage-collect.service"
    job = JOB._replace(command=(sys.executable, "-m", "mileage", "--home", HOSTILE))
    text = service("systemd", job).text

    def verified(content):
        file.write_text(content)
        words = ["systemd-analyze", "verify", "--user", str(file)]
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
        return subprocess.run(
            words, check=False, capture_output=True, text=True, env=environ
        )

    done = verified(text)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Bogus" in verified(f"{text}Bogus=1\n").stderr


# -------------------------------------------------------------------------- doing it


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.tokens.append(self.headers["Authorization"])
        self.send_response(self.server.status)
        self.send_header("Mileage-Witnesses", "1")
        self.end_headers()
        self.wfile.write(RECEIPT)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        running.tokens, running.status = [], 200
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Programs of the system that note what they are told, and a home."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    for name in ("systemctl", "launchctl"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n')
    table = tmp_path / "table"
    (programs / "crontab").write_text(
        f'#!/bin/sh\nif [ "$1" = -l ]; then cat {table} 2>/dev/null || exit 1\n'
        f"else cat > {table}; fi\n"
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "MILEAGE_TOKEN", "MILEAGE_STATE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path


def install(*words, token="mlg_p_abc", typed=None):  # noqa: S107
    environ = {"MILEAGE_TOKEN": token} if token else {}
    return CliRunner().invoke(
        root, ["collect", "install", *map(str, words)], input=typed, env=environ
    )


def url(server):
    return f"http://127.0.0.1:{server.server_port}"


def unit_file(system):
    return system / "home/.config/systemd/user/mileage-collect.service"


def logged(system):
    log = system / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_a_unit_is_written_shown_and_started(system, server):
    done = install("--to", url(server), "--with", "systemd")
    assert done.exit_code == 0, done.output
    text = unit_file(system).read_text()
    assert text in done.output
    assert logged(system) == [
        "systemctl --user daemon-reload",
        "systemctl --user enable mileage-collect.service",
        "systemctl --user restart mileage-collect.service",
    ]
    for line in logged(system):
        assert f"$ {line}" in done.output
    assert server.tokens == ["Bearer mlg_p_abc"]
    assert "journalctl" in done.output


def test_the_token_is_in_a_private_file_and_nowhere_else(system, server):
    done = install("--to", url(server), "--with", "systemd")
    (kept,) = (system / "home").rglob("token")
    assert kept.read_text() == "mlg_p_abc\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    text = unit_file(system).read_text()
    assert f"--token-file {kept}" in text
    assert "mlg_p_abc" not in text + done.output


def test_installing_again_changes_nothing_else(system, server):
    for _ in range(2):
        assert install("--to", url(server), "--with", "systemd").exit_code == 0
    first = unit_file(system).read_text()
    # The token of the first time serves the second.
    done = install("--to", url(server), "--with", "systemd", token="")
    assert done.exit_code == 0, done.output
    assert unit_file(system).read_text() == first
    assert len(list(unit_file(system).parent.iterdir())) == 1


def test_a_token_file_of_ones_own_is_left_where_it_is(system, server):
    file = system / "secret"
    file.write_text("mlg_p_own")
    done = install("--to", url(server), "--with", "systemd", "--token-file", file)
    assert done.exit_code == 0, done.output
    assert f"--token-file {file}" in unit_file(system).read_text()
    assert server.tokens == ["Bearer mlg_p_own"]
    assert list((system / "home").rglob("token")) == []


def test_a_token_may_be_typed(system, server):
    words = ("--to", url(server), "--with", "systemd")
    done = install(*words, token="", typed="mlg_p_typed\n")
    assert done.exit_code == 0, done.output
    assert server.tokens == ["Bearer mlg_p_typed"]
    assert "mlg_p_typed" not in done.output


def test_the_options_are_those_of_the_command(system, server):
    words = ["--home", system, "--state", system / "state", "--spool-mib", "7"]
    install("--to", url(server), "--with", "systemd", *words, "--insecure")
    command = unit_of(unit_file(system).read_text())["Service"]["ExecStart"]
    for told in (f"--home {system}", f"--state {system}/state", "--spool-mib 7"):
        assert told in command
    assert "--insecure" in command
    assert command.startswith(f"{sys.executable} -m mileage collect --to {url(server)}")


def test_variables_that_only_a_shell_sets_go_along(system, server, monkeypatch):
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/opt/claude")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("SECRET_OF_OTHERS", "x")
    install("--to", url(server), "--with", "systemd")
    text = unit_file(system).read_text()
    assert "Environment=CLAUDE_CONFIG_DIR=/opt/claude\n" in text
    assert "Environment=HTTPS_PROXY=http://proxy:3128\n" in text
    assert "SECRET" not in text
    assert "MILEAGE_TOKEN" not in text


def test_a_wrong_token_installs_nothing(system, server):
    server.status = 401
    done = install("--to", url(server), "--with", "systemd")
    assert isinstance(done.exception, MileageError)
    assert not unit_file(system).exists()
    assert logged(system) == []


def test_a_wrong_token_leaves_the_one_that_works(system, server):
    assert install("--to", url(server), "--with", "systemd").exit_code == 0
    server.status = 401
    done = install("--to", url(server), "--with", "systemd", token="mlg_p_wrong")
    assert isinstance(done.exception, MileageError)
    (kept,) = (system / "home").rglob("token")
    assert kept.read_text() == "mlg_p_abc\n"


def test_what_would_refuse_to_run_is_not_installed(system, server):
    words = ("--to", url(server), "--with", "systemd", "--account", "ada@example.com")
    done = install(*words)
    assert "--account is for tokens of collectors" in str(done.exception)
    assert not unit_file(system).exists()
    assert install(*words, token="mlg_c_abc").exit_code == 0


@pytest.mark.parametrize("words", [(), ("--print",)])
def test_an_address_that_would_be_refused_is_not_installed(system, words):
    done = install("--to", "http://example.com", "--with", "systemd", *words)
    assert "plain HTTP" in str(done.exception)
    assert not unit_file(system).exists()


def test_a_server_that_is_away_does_not_stand_in_the_way(system, server):
    server.status = 503
    done = install("--to", url(server), "--with", "systemd")
    assert done.exit_code == 0
    assert "waits until then" in done.output
    assert unit_file(system).exists()


@pytest.mark.parametrize("manager", ["systemd", "launchd", "cron"])
def test_printing_does_nothing(system, server, manager):
    done = install("--to", url(server), "--with", manager, "--print")
    assert done.exit_code == 0
    assert "would be written" in done.output
    assert "--token-file" in done.output
    assert (server.tokens, logged(system)) == ([], [])
    assert list((system / "home").rglob("*")) == []
    assert not (system / "table").exists()
    done = install("--uninstall", "--with", manager, "--print")
    assert "would be removed" in done.output
    assert logged(system) == []


def test_undoing_removes_the_unit_and_nothing_else(system, server):
    install("--to", url(server), "--with", "systemd")
    (system / "log").unlink()
    done = install("--uninstall", "--with", "systemd")
    assert done.exit_code == 0
    assert not unit_file(system).exists()
    assert logged(system) == [
        "systemctl --user disable --now mileage-collect.service",
        "systemctl --user daemon-reload",
    ]
    assert list((system / "home").rglob("token"))
    done = install("--uninstall", "--with", "systemd")
    assert "nothing to undo" in done.output


def test_an_agent_is_replaced(system, server):
    for _ in range(2):
        assert install("--to", url(server), "--with", "launchd").exit_code == 0
    file = system / "home/Library/LaunchAgents/mileage-collect.plist"
    assert plistlib.loads(file.read_bytes())["Label"] == "mileage-collect"
    user = os.getuid()
    assert (
        logged(system)
        == [
            f"launchctl bootout gui/{user}/mileage-collect",
            f"launchctl bootstrap gui/{user} {file}",
        ]
        * 2
    )


def test_a_crontab_keeps_its_lines(system, server):
    table = system / "table"
    table.write_text("MAILTO=me\n* * * * * backup\n")
    for _ in range(2):
        done = install("--to", url(server), "--with", "cron")
        assert done.exit_code == 0, done.output
    lines = table.read_text().splitlines()
    assert lines[:2] == ["MAILTO=me", "* * * * * backup"]
    assert len(lines) == 3
    assert lines[2].endswith(CRON_MARK)
    assert install("--uninstall", "--with", "cron").exit_code == 0
    assert table.read_text() == "MAILTO=me\n* * * * * backup\n"


def test_who_has_no_crontab_gets_one(system, server):
    assert install("--to", url(server), "--with", "cron").exit_code == 0
    assert (system / "table").read_text().count("\n") == 1


def test_what_the_system_refuses_is_said(system, server):
    (system / "bin/systemctl").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    done = install("--to", url(server), "--with", "systemd")
    assert isinstance(done.exception, MileageError)
    assert "no bus" in str(done.exception)
    assert "--with cron" in str(done.exception)


@pytest.mark.parametrize(
    ("platform", "works", "manager"),
    [
        ("darwin", True, "LaunchAgents"),
        ("linux", True, "systemd"),
        ("linux", False, "cron"),
    ],
)
def test_the_machine_says_what_it_has(
    system, server, monkeypatch, platform, works, manager
):
    monkeypatch.setattr("mileage.cli.collect_install.sys.platform", platform)
    if not works:
        (system / "bin/systemctl").write_text("#!/bin/sh\nexit 1\n")
    done = install("--to", url(server), "--print")
    assert manager in done.output


def test_without_an_address_there_is_nothing_to_install(system):
    done = install()
    assert done.exit_code == 2
    assert "--to URL" in done.output
