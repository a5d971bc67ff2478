"""The folder of a project that a file beside the logs names."""

from __future__ import annotations

import os

import pytest

from mileage.sources.files import LogFile, read_log
from mileage.sources.gemini_cli_chat import SOURCE
from mileage.sources.project_files import project_beside
from mileage.sources.qwen_code_chat import SOURCE as QWEN
from tests.gemini_qwen_logs import SESSION, opening, qwen_told, spoke
from tests.session_logs import witnesses, write_log

NAME = ".project_root"
ROOT = "/home/alice/code/repo"


def chat_in(folder, name="chats/session-1.jsonl"):
    path = write_log(folder, name, opening(), spoke())
    return LogFile("gemini_cli_chat", str(path), path.stat().st_size)


def project_of(file, source=SOURCE):
    (row,) = witnesses(read_log(source, file))
    return row.project


@pytest.mark.parametrize(
    "name", ["chats/session-1.jsonl", f"chats/{SESSION}/k3x9ab.jsonl"]
)
def test_the_file_above_the_chats_names_the_folder(tmp_path, name):
    write_log(tmp_path, NAME, ROOT.encode())
    assert project_of(chat_in(tmp_path, name)) == ROOT


def test_without_the_file_the_clients_hash_remains(tmp_path):
    assert project_of(chat_in(tmp_path)) == "f00d" * 16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"code/repo",
        b"/home/alice\n/home/bob",
        b"/" + b"x" * 1_000,
        b"/home/\xff",
        b"/home/\x00",
    ],
)
def test_what_names_no_folder_is_nothing(tmp_path, content):
    write_log(tmp_path, NAME, content)
    assert project_of(chat_in(tmp_path)) == "f00d" * 16


def test_a_line_end_belongs_to_no_name(tmp_path):
    write_log(tmp_path, NAME, ROOT.encode() + b"\n")
    assert project_of(chat_in(tmp_path)) == ROOT


def test_folders_and_pipes_are_no_names(tmp_path):
    (tmp_path / NAME).mkdir()
    assert project_of(chat_in(tmp_path)) == "f00d" * 16
    (tmp_path / NAME).rmdir()
    os.mkfifo(tmp_path / NAME)
    assert project_of(chat_in(tmp_path)) == "f00d" * 16


def test_a_file_far_above_belongs_to_something_else(tmp_path):
    write_log(tmp_path, NAME, ROOT.encode())
    path = str(tmp_path / "a" / "b" / "c" / "x.jsonl")
    assert project_beside(path, NAME) == ""


def test_other_clients_name_the_folder_themselves(tmp_path):
    write_log(tmp_path, NAME, b"/somewhere/else")
    path = write_log(tmp_path, "chats/x.jsonl", qwen_told())
    file = LogFile("qwen_code_chat", str(path), path.stat().st_size)
    assert project_of(file, QWEN) == ROOT
