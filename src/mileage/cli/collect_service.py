"""What starts ``mileage collect`` by itself: a unit, an agent or a line, as text."""

from __future__ import annotations

import plistlib
import shlex
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Manager = Literal["systemd", "launchd", "cron"]
NAME = "mileage-collect"
CRON_MARK = "# mileage collect"
CRON_MINUTES = 15

# Everything here works for a person's own units without namespaces, which several
# distributions forbid; so no ProtectSystem= and its like, which need them.
_UNIT = """\
[Unit]
Description=Push token usage of coding agents to Mileage
StartLimitIntervalSec=0

[Service]
Type=exec
{environment}ExecStart={command}
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=2
TimeoutStopSec=60
Nice=19
IOSchedulingClass=idle
CPUWeight=20
MemoryHigh=200M
MemoryMax=400M
TasksMax=16
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=default.target
"""


class Job(NamedTuple):
    """What is to be started."""

    command: tuple[str, ...]
    """Without --watch."""
    environ: Mapping[str, str]
    """Variables that it needs: nobody's shell sets them there."""
    home: Path
    user_id: int


class Service(NamedTuple):
    """A file that starts it, and what has to be run when the file comes or goes."""

    manager: Manager
    file: Path | None
    """None for cron: its table is no file of ours."""
    text: str
    begin: tuple[tuple[str, ...], ...]
    end: tuple[tuple[str, ...], ...]
    look: str
    """How to see what it says."""


def service(manager: Manager, job: Job) -> Service:
    """Describe how a manager starts a job."""
    if manager == "systemd":
        return _systemd(job)
    if manager == "launchd":
        return _launchd(job)
    text = cron_line(job.command, job.environ)
    return Service("cron", None, text, (), (), "see the mail of cron")


def _systemd(job: Job) -> Service:
    control = ("systemctl", "--user")
    unit = f"{NAME}.service"
    return Service(
        "systemd",
        job.home / ".config" / "systemd" / "user" / unit,
        _UNIT.format(
            command=" ".join(map(_for_systemd, (*job.command, "--watch"))),
            environment="".join(
                f"Environment={_for_systemd(f'{name}={value}', variables=False)}\n"
                for name, value in job.environ.items()
            ),
        ),
        (
            (*control, "daemon-reload"),
            (*control, "enable", unit),
            (*control, "restart", unit),
        ),
        ((*control, "disable", "--now", unit), (*control, "daemon-reload")),
        f"journalctl --user -u {NAME}",
    )


def _launchd(job: Job) -> Service:
    file = job.home / "Library" / "LaunchAgents" / f"{NAME}.plist"
    log = job.home / "Library" / "Logs" / f"{NAME}.log"
    agent = {
        "Label": NAME,
        "ProgramArguments": [*job.command, "--watch"],
        "EnvironmentVariables": dict(job.environ),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 60,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 19,
        "Umask": 0o077,
        "StandardErrorPath": str(log),
    }
    domain = f"gui/{job.user_id}"
    return Service(
        "launchd",
        file,
        plistlib.dumps(agent, sort_keys=False).decode(),
        (("launchctl", "bootstrap", domain, str(file)),),
        (("launchctl", "bootout", f"{domain}/{NAME}"),),
        f"tail {log}",
    )


def _for_systemd(word: str, *, variables: bool = True) -> str:
    """Quote a word: neither specifiers nor, in a command, variables are meant."""
    plain = word.replace("%", "%%")
    if variables:
        plain = plain.replace("$", "$$")
    if plain and not set(plain) & set(" \t\n\"'\\;"):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def cron_line(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the line of a crontab; a per cent sign would end the command there."""
    given = [f"{name}={value}" for name, value in environ.items()]
    words = shlex.join(["env", *given, *command] if given else command)
    words = words.replace("%", "\\%")
    return f"*/{CRON_MINUTES} * * * * {words} >/dev/null {CRON_MARK}\n"


def without_ours(table: str) -> str:
    """Return a crontab without the lines that we wrote."""
    kept = (line for line in table.splitlines() if not line.endswith(CRON_MARK))
    return "".join(f"{line}\n" for line in kept)
