"""While the server starts nobody looks for cycles; what it started with is kept."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from mileage.cli import serve as cli_serve
from mileage.domain.errors import Conflict
from mileage.wiring import serve as wiring_serve


@pytest.fixture(autouse=True)
def _as_it_was():
    yield
    gc.unfreeze()
    gc.enable()


def a_server(seen, grpc=""):
    """Stand in for one that is ready at once and then stops."""

    def run(ready):
        seen.append(("starting", gc.isenabled()))
        ready()
        seen.append(("ready", gc.isenabled(), gc.get_freeze_count() > 0))

    return SimpleNamespace(
        run=run,
        organisation=SimpleNamespace(data="/somewhere"),
        url="http://127.0.0.1:8470",
        grpc=grpc,
        sign_in_link=lambda: "http://127.0.0.1:8470/sign-in?link=x",
    )


def served(monkeypatch, tmp_path, opened, *arguments):
    monkeypatch.setattr(wiring_serve, "serving", opened)
    words = ["--data", str(tmp_path / "data"), *arguments]
    return CliRunner().invoke(cli_serve.command, words)


def test_cycles_are_looked_for_again_once_it_is_ready(monkeypatch, tmp_path):
    seen = []

    @contextmanager
    def opened(*_):
        yield a_server(seen)

    told = served(monkeypatch, tmp_path, opened)
    assert told.exit_code == 0
    assert seen == [("starting", False), ("ready", True, True)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_start_that_fails_leaves_it_on(monkeypatch, tmp_path):
    @contextmanager
    def opened(*_):
        assert not gc.isenabled()
        raise Conflict("port 8470 is in use")
        yield

    told = served(monkeypatch, tmp_path, opened)
    assert isinstance(told.exception, Conflict)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("grpc", ["", "127.0.0.1:4317"])
def test_it_says_where_it_is_and_how_to_get_in(monkeypatch, tmp_path, grpc):
    asked = []

    @contextmanager
    def opened(*told):
        asked.append(told[1:])
        yield a_server([], grpc)

    told = served(monkeypatch, tmp_path, opened, "--port", "0", "--grpc-port", "0")
    lines = told.output.splitlines()
    assert asked == [("127.0.0.1", 0, 0)]
    assert lines[0] == "Mileage serves /somewhere at http://127.0.0.1:8470"
    assert ("OTLP over gRPC: 127.0.0.1:4317" in lines) == bool(grpc)
    assert "  http://127.0.0.1:8470/sign-in?link=x" in lines
