"""Templates are compiled when they are needed, or beside the requests."""

from __future__ import annotations

import re
import sys

import pytest

from mileage.reports import exports
from mileage.web import pages


@pytest.fixture
def fresh(monkeypatch):
    """Return an environment that has read nothing yet, in the place of all pages'."""
    made = pages._environment()
    monkeypatch.setattr(pages, "templates", made)
    return made


def compiled(environment):
    return {name for _, name in environment.cache}


def test_the_application_is_put_together_without_reading_one(fresh):
    assert [route.path for route in pages.routes()][:2] == ["/me", "/people"]
    assert compiled(fresh) == set()


def test_all_of_them_can_be_read_and_are_kept(fresh):
    """One that does not compile would be found by its first visitor otherwise."""
    pages.read_templates()
    names = set(fresh.list_templates())
    assert len(names) > 30
    assert compiled(fresh) == names
    first = {name: fresh.get_template(name) for name in names}
    pages.read_templates()
    assert all(fresh.get_template(name) is one for name, one in first.items())


def test_dates_are_of_one_style_in_sentences_and_of_one_in_tables(fresh):
    """``24 Oct 2026`` and ``2026-10-24`` do not stand in one line."""
    for name in fresh.list_templates():
        source, _, _ = fresh.loader.get_source(fresh, name)
        for line in source.splitlines():
            cell = "<td" in line or "<th" in line
            for style in re.findall(r"\| (instant|date|minute|day|local_day)\b", line):
                in_table = style in {"minute", "day", "local_day"}
                assert in_table == cell, (name, line)


def test_others_work_after_each_and_may_end_it(fresh):
    asked = []

    def pause():
        asked.append(len(compiled(fresh)))
        return len(asked) == 3

    pages.read_templates(pause)
    assert len(asked) == 3
    assert asked == sorted(asked)
    assert len(compiled(fresh)) == asked[-1] < len(fresh.list_templates())


def test_a_template_that_is_broken_is_named(fresh, monkeypatch):
    source = fresh.loader.get_source

    def get_source(environment, name):
        text, *rest = source(environment, name)
        return ("{% if %}" if name == "_board_row.html" else text), *rest

    monkeypatch.setattr(fresh.loader, "get_source", get_source)
    with pytest.raises(Exception, match="Expected an expression") as broken:
        pages.read_templates()
    assert broken.value.name == "_board_row.html"


def test_what_writes_spreadsheets_is_loaded_for_whoever_asks_for_one(monkeypatch):
    assert not hasattr(exports, "xlsxwriter")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ImportError):
        exports._xlsx([], {}, {})
