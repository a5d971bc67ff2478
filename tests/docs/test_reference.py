"""Settings, endpoints, policy keys, sources and figures are all documented."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from dataclasses import fields

import pytest

from mileage.domain.figures import IngestStatus
from mileage.domain.measured import METRICS
from mileage.domain.settings import Settings, parse_settings
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.witness import ACTIVITY_KINDS
from mileage.honours.lenses import parse_lenses
from mileage.pricing.agreement import parse_overrides
from mileage.pricing.overrides import Override
from mileage.web.api import ENDPOINTS
from tests.architecture.tree import PACKAGE, ROOT
from tests.docs.book import page, sections, table_keys

POLICIES = sorted((PACKAGE / "policy").glob("*.toml"))
SOURCES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "entry-points"
]["mileage.sources"]


def keys_of(table: dict[str, object], path: str = "") -> set[str]:
    """Dotted keys of a policy; what a token class weighs or costs is one key."""
    found: set[str] = set()
    for name, value in table.items():
        dotted = f"{path}{name}"
        several = value if isinstance(value, list) else [value]
        tables = [one for one in several if isinstance(one, dict)]
        by_class = any(set(one) <= set(TOKEN_CLASSES) for one in tables)
        if not tables or by_class or isinstance(value, list):
            found.add(dotted)
        if not by_class:
            found = found.union(*(keys_of(one, f"{dotted}.") for one in tables))
    return found


def test_keys_are_found():
    table = tomllib.loads("a = 1\n[b]\nc = 2\n[[d]]\ne = 3\nw = {input = 1}\n")
    assert keys_of(table) == {"a", "b.c", "d", "d.e", "d.w"}


SETTINGS_TOLD = table_keys(page("reference/settings.md"))


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_setting_is_documented_with_its_default(field):
    (key,) = [told for told in SETTINGS_TOLD if told.split(".")[-1] == field.name]
    (line,) = [
        line
        for line in page("reference/settings.md").splitlines()
        if line.startswith(f"| `{key}` ")
    ]
    default = line.split("|")[2].strip()
    written = {
        str: lambda: f'`"{field.default}"`',
        tuple: lambda: f"`{list(field.default)}`",
    }.get(type(field.default), lambda: f"{field.default:,}")
    assert default == written()


def test_no_setting_is_documented_that_is_not_there():
    lower = {key for key in SETTINGS_TOLD if key == key.lower()}
    assert {key.split(".")[-1] for key in lower} == {f.name for f in fields(Settings)}


def test_the_settings_shown_are_valid():
    (shown,) = re.findall(
        r"```toml\n(.*?)```", page("reference/settings.md"), re.DOTALL
    )
    assert parse_settings(shown, "settings.md").organisation == "Example Works"


def test_the_prices_shown_are_valid():
    text = page("how-to/override-a-price.md")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    dedented = "\n".join(line.removeprefix("   ") for line in shown.splitlines())
    (price,) = parse_overrides(dedented, "override-a-price.md")
    assert price.model == "claude-sonnet-4-5"


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.name)
def test_every_policy_file_parses_and_has_a_section(file):
    tomllib.loads(file.read_text("utf-8"))
    assert file.name in sections(page("reference/policy.md"))


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.name)
def test_every_policy_key_is_documented(file):
    keys = keys_of(tomllib.loads(file.read_text("utf-8")))
    told = table_keys(sections(page("reference/policy.md"))[file.name])
    assert keys <= told | (SETTINGS_TOLD if file.name == "mileage.toml" else set())


@pytest.mark.parametrize("field", Override._fields)
def test_every_key_of_a_price_is_documented(field):
    written = {"since": "from", "rates": "usd_per_million"}
    key = f"price.{written.get(field, field)}"
    assert key in table_keys(sections(page("reference/policy.md"))["prices.toml"])


def test_the_lenses_that_ship_are_documented():
    file = PACKAGE / "policy/lenses.toml"
    lenses = parse_lenses(file.read_text("utf-8"), file.name)
    told = table_keys(sections(page("reference/figures.md"))["Lenses"])
    assert told == {lens.name for lens in lenses}


def test_the_page_of_lenses_is_made_from_the_policy():
    spec = importlib.util.spec_from_file_location(
        "lenses_page", ROOT / "tools" / "lenses_page.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = page("reference/lenses.md")
    assert text == tool.rendered(text), "run: python tools/lenses_page.py"
    assert f"### {tool.parse_lenses(tool.POLICY.read_text(), '')[0].title}" in text


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_documented(metric):
    assert metric in table_keys(sections(page("reference/lenses.md"))["Metrics"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_and_parameter_is_documented(endpoint):
    text = sections(page("reference/api.md"))[f"GET {endpoint.path}"]
    assert {parameter.name for parameter in endpoint.parameters} == table_keys(text)
    for parameter in endpoint.parameters:
        for value in parameter.values:
            assert f"`{value}`" in text


def test_no_endpoint_is_documented_that_is_not_there():
    told = {
        title.removeprefix("GET ")
        for title in sections(page("reference/api.md"))
        if title.startswith("GET ")
    }
    assert told == {endpoint.path for endpoint in ENDPOINTS}


@pytest.mark.parametrize("status", {s for e in ENDPOINTS for s in e.errors})
def test_every_error_is_documented(status):
    assert f"| {status} |" in sections(page("reference/api.md"))["Errors"]


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics", "/v1/traces", "/healthz"])
def test_the_doors_are_documented(path):
    assert path in page("reference/api.md")


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_documented(source):
    assert source in table_keys(page("reference/sources.md"))
    assert source in table_keys(page("explanation/completeness.md"))


@pytest.mark.parametrize("kind", ACTIVITY_KINDS)
def test_every_kind_of_activity_is_documented(kind):
    assert f"`{kind}`" in page("reference/sources.md")


@pytest.mark.parametrize("name", TOKEN_CLASSES)
def test_every_token_class_is_documented(name):
    classes = sections(page("reference/figures.md"))["Token classes"]
    assert name in table_keys(classes)


@pytest.mark.parametrize(
    "name",
    ["calls", "tokens", "cost_usd", "unpriced_calls", "unmeasured_calls"],
)
def test_the_keys_of_figures_are_documented(name):
    assert f"`{name}`" in page("reference/figures.md")


@pytest.mark.parametrize(
    "name",
    [field.name for field in fields(IngestStatus) if field.type in {"int", "float"}],
)
def test_the_counters_are_documented(name):
    assert f"`{name}`" in page("reference/api.md")
