"""The table in force: as the file says it at this moment, closed when it is wrong."""

from __future__ import annotations

import logging

import pytest

from mileage.access.roles import REVIEW, shipped_roles
from mileage.domain.errors import Unavailable
from mileage.wiring.policy import _shipped
from mileage.wiring.roles_in_force import RolesInForce

SHIPPED = _shipped("roles.toml").decode()
ON = SHIPPED.replace('state = "off"', 'state = "on"')


@pytest.fixture
def told():
    return []


@pytest.fixture
def file(tmp_path):
    (tmp_path / "policy").mkdir()
    return tmp_path / "policy" / "roles.toml"


@pytest.fixture
def in_force(tmp_path, told):
    return RolesInForce(tmp_path, told.append)


def write(file, text):
    """Write as editors do: another file takes the place of the first."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


def test_without_a_file_the_shipped_one(in_force, told):
    assert in_force() is shipped_roles()
    assert told == [shipped_roles().in_force]
    in_force()
    assert len(told) == 1


def test_a_change_counts_from_the_next_question(in_force, file, told):
    assert not in_force().reviewed
    write(file, ON)
    assert in_force().reviewed
    file.unlink()
    assert not in_force().reviewed
    assert [REVIEW in purposes for purposes in told] == [False, True, False]


def test_a_mark_of_utf_8_at_the_beginning_is_no_mistake(in_force, file):
    write(file, f"\ufeff{ON}")
    assert in_force().reviewed


def test_a_file_written_in_place_counts_too(in_force, file):
    file.write_text(ON)
    assert in_force().reviewed
    file.write_text(SHIPPED)
    assert not in_force().reviewed


def test_what_did_not_change_is_not_read_again(in_force, file):
    write(file, ON)
    assert in_force() is in_force()


@pytest.mark.parametrize("text", ["[[role]\n", "", 'surprise = "x"\n' + SHIPPED])
def test_a_wrong_file_leaves_ones_own_and_the_operator(in_force, file, caplog, text):
    in_force()
    write(file, text)
    with caplog.at_level(logging.WARNING):
        left = in_force()
    assert left == shipped_roles().narrowed()
    assert "roles.toml is wrong" in caplog.text
    write(file, SHIPPED)
    assert in_force() == shipped_roles()


def test_a_file_that_cannot_be_read_is_wrong(in_force, file, caplog):
    file.mkdir()
    with caplog.at_level(logging.WARNING):
        assert in_force() == shipped_roles().narrowed()


def test_a_full_disk_does_not_close_anything(tmp_path, caplog):
    def full(_):
        raise Unavailable("no room")

    with caplog.at_level(logging.WARNING):
        assert RolesInForce(tmp_path, full)() is shipped_roles()
    assert "were not recorded" in caplog.text
