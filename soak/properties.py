"""Run every property of the tests with eighty times as many examples as `make test`.

    python soak/properties.py [ARGUMENTS OF PYTEST]

Hypothesis keeps what it found in `.hypothesis`, so a failure comes again at once.
"""

from __future__ import annotations

import subprocess
import sys

COMMAND = (
    *(sys.executable, "-m", "pytest", "-q", "-m", "hypothesis"),
    *("--hypothesis-profile", "thorough", "-n", "2", "--dist", "worksteal"),
)


if __name__ == "__main__":
    sys.exit(subprocess.run([*COMMAND, *sys.argv[1:]], check=False).returncode)
