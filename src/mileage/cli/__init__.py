"""The command line: one module a command; nothing is loaded before it is needed."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from mileage.domain.errors import MileageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "Build a simulated organisation and serve it.",
    "serve": "Serve the board, the API and the door for telemetry.",
    "me": "Show your own usage, straight from local session logs.",
    "collect": "Read local session logs into a data directory or a server.",
    "import": "Import files of one source into a data directory.",
    "board": "Show the board in the terminal.",
    "buckets": "Show providers' own figures beside the calls.",
    "people": "Import the directory; claim usage of unknown people.",
    "person": "Give people what they may ask of their own data.",
    "council-pack": "Write papers for the works council.",
    "token": "Create, rotate, list and revoke ingest tokens.",
    "key": "Create, list and revoke API keys.",
    "role": "Grant, revoke and list roles.",
    "audit": "List who changed what about access.",
    "dark": "Close whatever names or ranks anybody, at once.",
    "trace": "Find out whose copy of the board was published.",
    "check": "Validate every policy file.",
    "rules": "Hold the rules of boards against those who game them.",
    "doctor": "Say what is collected, what is missing, what is stale.",
    "setup": "Print the settings that make a client report.",
    "verify": "Check segments, calls, roll-ups and snapshots.",
    "backup": "Write everything of a data directory into one file.",
    "restore": "Make a new data directory of a backup.",
    "retention": "Delete what is older than the policy keeps.",
    "compact": "Write the ledger's file anew, as small as it can be.",
    "session": "List and end sessions.",
    "admin": "Make and remove local administrators.",
    "sign-in": "Print a new one-time sign-in link for the operator.",
    "completion": "Print the script that completes commands in a shell.",
}
MODULES = {"import": "import_files", "token": "tokens", "key": "keys", "role": "roles"}


def main() -> None:
    """Run the command line; errors are sentences, never tracebacks."""
    sys.excepthook = _surprised
    _have_somewhere_to_print()
    _let_any_name_be_printed()
    try:
        _run(sys.argv[1:])
    except MileageError as error:
        _leave(str(error), error.exit_code)
    except KeyboardInterrupt:
        _leave("stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        _leave(f"{what}{error.strerror or error}", 4)
    except UnicodeEncodeError:
        odd = next((one for one in sys.argv if not is_text(one)), None)
        if odd is None:
            raise
        _leave(f"{odd!r} is not UTF-8, as only names of files may be", 2)


def _have_somewhere_to_print() -> None:
    """Whoever starts us may have closed the output: then what is said goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115


def _let_any_name_be_printed() -> None:
    """Names of people and folders are in any script; not every terminal knows it."""
    for stream in (sys.stdout, sys.stderr):
        # Python's own choices; "surrogateescape" is its choice for the POSIX locale.
        lets_no_letter_pass = ("strict", "surrogateescape")
        if isinstance(stream, TextIOWrapper) and stream.errors in lets_no_letter_pass:
            stream.reconfigure(errors="backslashreplace")


def is_text(argument: str) -> bool:
    """Tell whether an argument is UTF-8: the system hands over whatever bytes."""
    return not any("\ud800" <= sign <= "\udfff" for sign in argument)


def _run(arguments: Sequence[str]) -> None:
    """Answer a plain ``mileage me`` at once; leave all else to click."""
    if arguments[:1] == ["me"] and "_MILEAGE_COMPLETE" not in os.environ:
        # Nothing of it outlives the answer: looking for cycles is a tenth of it.
        gc.disable()
        from mileage.cli.me_arguments import answered

        if answered(arguments[1:]):
            # All is printed and stored; taking an interpreter apart takes a while.
            os._exit(0)
        gc.enable()
    from mileage.cli.commands import run

    run()


def _surprised(_kind: object, error: BaseException, _trace: object) -> None:
    """Say where a bug showed itself: its message could be what stands in a log."""
    from mileage.domain.surprises import places_of

    sys.stderr.write(
        "mileage: this is a fault of Mileage, or of a package that adds a source, and "
        f"not of yours. Please report it: {places_of(error)}\n"
    )


def _leave(why: str, code: int) -> NoReturn:
    sys.stderr.write(f"mileage: {why}\n")
    sys.exit(code)
