"""Pages and API of departments: what is told, what is not, and what for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.web.api import ENDPOINTS
from mileage.web.openapi import document
from tests.web import departments
from tests.web.departments import DARK, ID, PAGE
from tests.web.json_schema import problems
from tests.web.stage import ADA, ROOT, Stage

ADDRESS = f"/departments/{ID}"
DESCRIBED = document(ENDPOINTS)
API = f"/api/v1/departments/{ID}"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def text(stage: Stage, address: str, viewer=ADA, status: int = 200) -> str:
    answer = stage.browser(viewer).get(address)
    assert answer.status_code == status
    return answer.text


def test_everybody_finds_the_list_in_the_menu(stage: Stage) -> None:
    for viewer in (ADA, ROOT):
        page = text(stage, "/departments", viewer)
        assert '<a href="/departments" aria-current="page">Departments</a>' in page
        assert f'<a href="{ADDRESS}">Engines &amp; &lt;b&gt;Mills&lt;/b&gt;</a>' in page


def test_there_may_be_none_to_open_or_none_published(stage: Stage) -> None:
    stage.departments.listing = ()
    assert "no department that you may open" in text(stage, "/departments")
    stage.departments.listing = None
    assert "have been published yet" in text(stage, "/departments")


def test_a_list_says_what_is_dark(stage: Stage) -> None:
    (one,) = stage.departments.listing or ()
    stage.departments.listing = (replace(one, told=False),)
    assert "too few people" in text(stage, "/departments")


def test_a_page_tells_sums_bands_and_what_is_not_told(stage: Stage) -> None:
    page = text(stage, ADDRESS)
    assert "<b>Mills" not in page
    assert "98.8" in page
    assert "36 or more" in page
    assert "44 members on the last day" in page
    assert "some calls are unpriced" in page
    assert page.count("not told") == 4 + 6
    assert "in no team" in page
    assert 'id="together"' in page
    assert "apart from people" in page
    assert "2025-12-08" in page or "8 Dec" in page


def test_a_page_without_a_sum_says_so(stage: Stage) -> None:
    whole = replace(PAGE.whole, totals=None)
    stage.departments.page = replace(PAGE, whole=whole, together=(), least=10)
    page = text(stage, ADDRESS)
    assert "The sum of this department is not told to you" in page
    assert "98.8" not in page
    assert "10 or more" in page


def test_a_dark_department_tells_nothing(stage: Stage) -> None:
    stage.departments.page = DARK
    page = text(stage, ADDRESS)
    assert "Nothing is told of this department" in page
    assert 'class="kpis' not in page
    assert "Service accounts" not in page


def test_a_purpose_is_passed_on_and_shown(stage: Stage) -> None:
    assert "recorded before it was shown" not in text(stage, ADDRESS)
    page = text(stage, f"{ADDRESS}?purpose=planning")
    assert "for the purpose: planning" in page
    assert stage.departments.asked[-1] == (ADA, ID, "planning")


def test_marked_sums_are_shown_with_all_their_four_digits(stage: Stage) -> None:
    shown = replace(departments.SUM, tokens=98_760_000, cost=765_400_000)
    whole = replace(PAGE.whole, totals=shown)
    services = replace(departments.SUM, tokens=4_321_000, calls=12_340)
    stage.departments.page = replace(PAGE, whole=whole, services=services, marked=True)
    page = text(stage, ADDRESS)
    assert "98.76M" in page
    assert "$765.4" in page
    assert "1,234 calls" in page
    assert "4.321M tokens in 12.34K calls" in page
    assert "no call has a known price" in page
    assert "98,760,000" not in page


def test_exact_sums_are_shown_short_with_all_digits_beside(stage: Stage) -> None:
    page = text(stage, ADDRESS, ROOT)
    assert 'title="98,765,432">98.8M<' in page


def test_a_page_of_a_department_carries_who_it_was_shown_to(stage: Stage) -> None:
    page = text(stage, ADDRESS)
    assert '<p class="shown-to">Shown to <b>Ada' in page
    assert "figures of others carry marks" in page
    assert "The figures are exact" in text(stage, ADDRESS, ROOT)
    stage.departments.page = DARK
    assert "shown-to" not in text(stage, ADDRESS)


def test_who_has_to_state_a_purpose_is_asked_for_it(stage: Stage) -> None:
    stage.departments.purposes = {"planning": "Planning capacity"}
    answer = stage.browser().get(ADDRESS)
    assert "Planning capacity" in answer.text
    assert "98.8" not in answer.text
    assert stage.browser().get(f"{ADDRESS}?purpose=planning").status_code == 200
    refused = stage.program().get(API)
    assert refused.status_code == 422
    assert "say what for" in refused.json()["error"]["message"]


def test_somebody_elses_department_is_refused(stage: Stage) -> None:
    text(stage, "/departments/fedcba9876543210", status=403)
    assert stage.program().get("/api/v1/departments/other").status_code == 403


@pytest.mark.parametrize("page", [PAGE, DARK])
def test_answers_are_as_described(stage: Stage, page) -> None:
    stage.departments.page = page
    for name, address in (("Department", API), ("Departments", "/api/v1/departments")):
        answer = stage.program().get(address)
        assert answer.status_code == 200
        schema = {"$ref": f"#/components/schemas/{name}"}
        assert list(problems(answer.json(), schema, DESCRIBED)) == []


def test_the_api_passes_the_purpose_on(stage: Stage) -> None:
    told = stage.program().get(f"{API}?purpose=billing").json()
    assert told["purpose"] == "billing"
    assert told["whole"]["total"]["cost_usd"] == "7.654321"


def test_usage_of_a_department_is_its_published_sum(stage: Stage) -> None:
    address = f"/api/v1/usage?scope=dept:{ID}"
    told = stage.program().get(f"{address}&purpose=planning").json()
    assert [row["tokens"] for row in told["rows"]] == [departments.SUM.tokens]
    assert told["window"]["tz"] == "Asia/Kolkata"
    assert stage.departments.asked[-1][2] == "planning"
    stage.departments.page = DARK
    told = stage.program().get(address).json()
    assert told["rows"] == []
    assert told["completeness"]["missing"]
    assert stage.program().get("/api/v1/usage?scope=dept:").status_code == 403


@pytest.mark.parametrize(
    "more",
    ["from=2025-11-01T00:00:00Z", "until=2025-11-01T00:00:00Z", "group_by=day"],
)
def test_a_department_has_no_free_intervals(stage: Stage, more: str) -> None:
    answer = stage.program().get(f"/api/v1/usage?scope=dept:{ID}&{more}")
    assert answer.status_code == 422
    assert "leave from" in answer.json()["error"]["message"]
    assert not stage.departments.asked


def test_strangers_get_nothing(stage: Stage) -> None:
    stranger = stage.stranger()
    assert stranger.get(ADDRESS).status_code in (303, 401)
    assert stranger.get(API).status_code == 401
