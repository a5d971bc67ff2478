"""docs/reference/metrics.md has every metric, every label's value, and no other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mileage.domain.figures import IngestStatus, SourceStatus
from mileage.domain.load import KINDS, STATES
from mileage.web.metrics import OTHER, ReceiverFigures
from tests.docs.book import page, sections, table_keys
from tests.web.receiving import FAILING, FakeReceiver

TEXT = page("reference/metrics.md")
GUIDE = page("how-to/watch-the-receiver.md")
STATUS = IngestStatus(
    9, 8, 6, 1, 1, 1, 0.5, (SourceStatus("a_log", 6, 6, 1, 1, 1, 1, 2),), load=FAILING
)


def families():
    receiver = FakeReceiver(replace(STATUS))
    receiver.meters.door.began()
    receiver.meters.door.ended("http", 503)
    return list(ReceiverFigures(receiver).collect())


FAMILIES = families()


def shown(family):
    """The name under which a scraper finds it."""
    ending = {"counter": "_total", "info": "_info"}.get(family.type, "")
    return family.name + ending


def test_metrics_are_found():
    assert len(FAMILIES) > 20
    assert "mileage_accepted_total" in {shown(one) for one in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_every_metric_is_documented_with_its_type(family):
    (line,) = [x for x in TEXT.splitlines() if x.startswith(f"| `{shown(family)}` ")]
    kind = {"info": "gauge"}.get(family.type, family.type)
    assert line.split("|")[2].strip() == kind
    for sample in family.samples:
        for name in sample.labels:
            assert name in (line + TEXT if name == "le" else line), sample


def test_no_metric_is_documented_that_is_not_there():
    told = {key for key in table_keys(TEXT) if key.startswith("mileage_")}
    assert told == {shown(one) for one in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_every_metric_says_what_it_is_in_base_units(family):
    assert family.documentation.endswith(".")
    assert family.name.startswith("mileage_")
    for odd in ("_ms", "_millis", "_kb", "_mb", "_percent", "_minutes"):
        assert not family.name.endswith(odd)


def test_every_strain_and_state_is_documented():
    assert table_keys(sections(TEXT)["Strains"]) == set(KINDS)
    for state in STATES:
        assert f"`{state}`" in TEXT
    assert f"`{OTHER}`" in TEXT


def test_the_alerts_name_metrics_that_there_are():
    used = set(re.findall(r"mileage_\w+", GUIDE))
    assert used
    assert used <= {shown(one) for one in FAMILIES}
    assert set(re.findall(r'state="(\w+)"', GUIDE)) <= set(STATES)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_addresses_for_orchestrators_are_documented(path):
    assert f"`GET {path}`" in TEXT
    assert f"`{path}`" in GUIDE
