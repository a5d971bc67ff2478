"""While a server runs, its threads take short turns; afterwards all is as before."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from mileage.wiring.serve import TURN_SECONDS, serving, taking_turns

if TYPE_CHECKING:
    from pathlib import Path


def test_a_server_takes_short_turns(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    assert before > TURN_SECONDS
    with serving(tmp_path / "data", "127.0.0.1", 0):
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_a_server_writes_for_itself_alone_while_it_runs(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with serving(tmp_path / "data", "127.0.0.1", 0):
            assert os.umask(0o077) == 0o077
        assert os.umask(before) == 0o022
    finally:
        os.umask(before)


def test_a_server_that_falls_over_leaves_turns_as_they_were() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(InterruptedError), taking_turns():
        raise InterruptedError
    assert sys.getswitchinterval() == pytest.approx(before)
