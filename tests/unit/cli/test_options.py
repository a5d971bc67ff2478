from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mileage.cli.options import (
    control_in,
    data_option,
    existing,
    json_option,
    new_data_option,
)
from mileage.domain.errors import NotFound


@click.command()
@data_option
@json_option
def show(data, as_json):
    click.echo(f"{type(data).__mro__[1].__name__} {data} {as_json}")


@click.command()
@new_data_option
def make(data):
    click.echo(f"{type(data).__mro__[1].__name__} {data} {not data.exists()}")


def made(*words, **environment):
    return CliRunner(env=environment).invoke(make, words).stdout.split()


def shown(*words, **environment):
    return CliRunner(env=environment).invoke(show, words).stdout.split()


def test_the_option_is_a_path_and_comes_before_the_environment(tmp_path):
    words = shown("--data", str(tmp_path), MILEAGE_DATA="/elsewhere")
    assert words == ["Path", str(tmp_path), "False"]


def test_the_environment_comes_before_the_platform(tmp_path):
    assert shown(MILEAGE_DATA=str(tmp_path))[1] == str(tmp_path)


def test_the_platform_comes_last():
    directory = Path(made(MILEAGE_DATA=None)[1])
    assert directory.is_absolute()
    assert directory.name == "mileage"


def test_an_empty_variable_is_none():
    assert Path(made(MILEAGE_DATA="")[1]).name == "mileage"


def test_json_is_a_flag(tmp_path):
    assert shown("--json", "--data", str(tmp_path))[2] == "True"


def test_looking_at_the_option_creates_nothing(tmp_path):
    there, missing = str(tmp_path), str(tmp_path / "data")
    assert made("--data", missing) == ["Path", missing, "True"]
    refusal = CliRunner().invoke(show, ["--data", missing]).exception
    assert isinstance(refusal, NotFound)
    assert missing in str(refusal)
    assert existing(Path(there)) == Path(there)
    assert list(tmp_path.iterdir()) == []


def test_the_control_plane_is_made_on_first_use(tmp_path):
    with control_in(tmp_path / "a" / "b") as control:
        assert control.accounts() == ()
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == [
        "control.sqlite"
    ]


def test_the_clock_counts_microseconds(tmp_path):
    with control_in(tmp_path) as control:
        # 2020-01-01 and 2100-01-01.
        assert 1_577_836_800_000_000 < control.now() < 4_102_444_800_000_000


@pytest.mark.parametrize("module", ["options", "people", "tokens"])
def test_loading_a_command_loads_no_database(module):
    code = (
        f"import sys, mileage.cli.{module}\n"
        "print({'sqlalchemy', 'duckdb', 'alembic', 'rich'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "set()\n"
