"""docs/reference/commands.md says every command and option, and no other."""

from __future__ import annotations

import re

import click
import pytest

from mileage.cli.commands import root
from tests.architecture.tree import DOCS, ROOT
from tests.docs.book import page, sections

SECTIONS = sections(page("reference/commands.md"))
TYPED = re.compile(r"(?:`|[$] (?:[\w./]*/)?|[(])mileage ([a-z]+(?:-[a-z]+)*)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def commands(
    group: click.Group = root, path: tuple[str, ...] = ("mileage",)
) -> dict[str, click.Command]:
    """Every command that does something, by what people type."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            found |= commands(command, (*path, name))
            if not command.invoke_without_command:
                continue
        if not command.hidden:
            found[" ".join((*path, name))] = command
    return found


COMMANDS = commands()
NAMES = sorted(COMMANDS)


def flags(command: click.Command) -> set[str]:
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in parameter.opts
        if name.startswith("--") and name != "--help"
    }


def section(name: str) -> str:
    """Commands of one group may share a section: ``mileage token``."""
    group = name.rsplit(" ", 1)[0]
    return SECTIONS.get(name) or SECTIONS.get(group, "")


def test_there_are_commands():
    assert {"mileage serve", "mileage me", "mileage people import"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_has_a_section_that_shows_it(name):
    assert section(name), f"no section '## {name}' in docs/reference/commands.md"
    assert name in SECTIONS or f"`{name}" in section(name)


@pytest.mark.parametrize("name", NAMES)
def test_its_options_are_documented(name):
    missing = {
        flag for flag in flags(COMMANDS[name]) if f"`{flag}" not in section(name)
    }
    assert not missing, f"docs/reference/commands.md, section of {name}"


@pytest.mark.parametrize("name", NAMES)
def test_its_arguments_are_documented(name):
    arguments = [p for p in COMMANDS[name].params if isinstance(p, click.Argument)]
    for argument in arguments:
        shown = (argument.metavar or argument.name or "").upper()
        assert re.sub(r"\W", "", shown) in section(name)


@pytest.mark.parametrize("title", sorted(SECTIONS))
def test_no_section_tells_of_options_that_are_not_there(title):
    belonging = [
        c for name, c in COMMANDS.items() if f"{name} ".startswith(f"{title} ")
    ]
    if not title.startswith("mileage"):
        return
    assert belonging, f"there is no command {title!r}"
    known = set().union(*map(flags, belonging)) | {"--help"}
    told = set(FLAG.findall(SECTIONS[title]))
    assert told <= known


@pytest.mark.parametrize("name", NAMES)
def test_every_command_says_what_it_does(name):
    command = COMMANDS[name]
    assert command.help, name
    short = command.get_short_help_str(limit=200)
    assert short.endswith("."), f"{name}: {short!r}"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.show_default, parameter.opts


def belongs(name: str, title: str) -> bool:
    """``mileage token create`` belongs to ``mileage token``."""
    return f"{name} ".startswith(f"{title} ")


def test_commands_named_anywhere_in_the_docs_exist():
    wrong = {
        f"{file.name}: mileage {word}"
        for file in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
        for word in TYPED.findall(file.read_text("utf-8"))
        if not any(belongs(name, f"mileage {word}") for name in NAMES)
    }
    assert not wrong
