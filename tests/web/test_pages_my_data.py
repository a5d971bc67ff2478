"""My data: what is kept, the file, and asking for something."""

from __future__ import annotations

import re

import pytest

from tests.web.rights import HOSTILE
from tests.web.stage import ADA, ORIGIN, ROOT, Stage

PATH = "/me/data"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def post(stage: Stage, viewer, page, path, **fields):
    client = stage.browser(viewer)
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)[1]
    return client.post(path, data={"csrf": token, **fields}, headers={"Origin": ORIGIN})


def test_it_says_what_is_kept(stage):
    answer = stage.browser().get(PATH)
    assert answer.status_code == 200
    for said in ("Witnesses", "Engines, Difference", "reports to bo@engines.test"):
        assert said in answer.text
    assert "the last 31 of 32 days" in answer.text
    assert "2026-10-01" not in answer.text
    assert "The last 20 of 25" in answer.text
    assert 'href="/me/data/file"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_what_people_wrote_is_text(stage):
    page = stage.browser().get(PATH).text
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") == 2


def test_somebody_of_whom_nothing_is_kept_is_told_so(stage):
    stage.rights.empty = True
    page = stage.browser().get(PATH).text
    assert "No usage of yours is kept." in page
    assert "Nobody has read anything that names you." in page


def test_the_file_is_a_download_that_nobody_keeps(stage):
    answer = stage.browser().get(f"{PATH}/file")
    assert answer.json() == {"account_id": ADA.account_id}
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [PATH, f"{PATH}/file"])
def test_it_is_nobody_elses(stage, path):
    assert stage.stranger().get(path).status_code in (303, 401)
    assert stage.browser(ROOT).get(path).status_code == 404
    # No parameter opens another's.
    told = stage.browser().get(f"{path}?account=acc-bob").text
    assert "acc-bob" not in told


@pytest.mark.parametrize("kind", ["correction", "objection", "erasure"])
def test_each_form_files_a_request(stage, kind):
    page = stage.browser().get(PATH).text
    assert f'name="kind" value="{kind}"' in page
    answer = post(stage, ADA, PATH, f"{PATH}/requests", kind=kind, text="Please.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}#requests")
    assert stage.rights.asked == [("ask", ADA.name, kind, "Please.")]


def test_a_request_is_withdrawn(stage):
    answer = post(stage, ADA, PATH, f"{PATH}/withdraw", request="ask_2")
    assert answer.status_code == 303
    assert stage.rights.asked == [("withdraw", ADA.name, "ask_2")]
    assert (
        post(stage, ADA, PATH, f"{PATH}/withdraw", request="ask_9").status_code == 404
    )


@pytest.mark.parametrize(
    "path", [f"{PATH}/requests", f"{PATH}/withdraw", "/requests/answer"]
)
def test_no_form_is_taken_without_its_token(stage, path):
    sent = stage.browser(ROOT).post(path, data={"request": "ask_1", "text": "x"})
    assert sent.status_code == 403
    assert stage.rights.asked == []


def test_requests_are_answered_by_the_operator_and_nobody_else(stage):
    assert stage.browser().get("/requests").status_code == 403
    page = stage.browser(ROOT).get("/requests").text
    assert HOSTILE not in page
    assert "ask_1" in page
    fields = {"request": "ask_1", "decision": "decline", "text": "It is right."}
    answer = post(stage, ROOT, "/requests", "/requests/answer", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests")
    assert stage.rights.asked == [("answer", "ask_1", "False", "It is right.")]
    refused = post(stage, ADA, PATH, "/requests/answer", **fields)
    assert refused.status_code == 403


def test_the_operator_is_told_when_nothing_waits(stage):
    stage.rights.empty = True
    assert "Nothing waits" in stage.browser(ROOT).get("/requests").text


def test_everybody_is_told_about_their_data(stage):
    page = stage.browser().get("/about-your-data").text
    for said in ("What is never kept", "Judging somebody", "Who may see what"):
        assert said in page
    assert "Analytical Engines" in page
    assert stage.stranger().get("/about-your-data").status_code == 303
    assert 'href="/about-your-data"' in stage.browser().get("/").text
