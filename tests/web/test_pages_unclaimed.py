"""The page of usage that belongs to nobody, and its two forms."""

from __future__ import annotations

import re

import pytest

from tests.web.parking import CLAIMED, HOSTILE, PARKED
from tests.web.stage import ADA, ORIGIN, ROOT, Stage


@pytest.fixture
def stage():
    return Stage()


def form_token(browser, path="/unclaimed"):
    (first, *_) = re.findall(r'name="csrf" value="([^"]+)"', browser.get(path).text)
    return first


def posted(browser, path, **fields):
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    return browser.post(path, data=fields, headers=headers)


def test_the_operator_sees_what_is_parked_and_what_is_claimed(stage):
    answer = stage.browser(ROOT).get("/unclaimed")
    assert answer.status_code == 200
    for one in (*PARKED[:2], *CLAIMED):
        assert f"<code>{one.identity}</code>" in answer.text
    assert "3 identities" in answer.text
    assert "1 claim<" in answer.text
    assert "claude_code_log, claude_code_otlp" in answer.text
    assert "nothing has come yet" in answer.text
    assert [name for name, _ in stage.reports.asked] == ["unclaimed", "claimed"]


def test_a_hostile_identity_is_text(stage):
    text = stage.browser(ROOT).get("/unclaimed").text
    assert "<script>alert" not in text
    assert HOSTILE not in text
    assert "installation:&#34;&gt;&lt;script&gt;" in text


@pytest.mark.parametrize("who", [ADA])
def test_nobody_else_sees_or_decides(stage, who):
    browser = stage.browser(who)
    assert browser.get("/unclaimed").status_code == 403
    token = form_token(browser, "/me")
    for path in ("/unclaimed/claim", "/unclaimed/unclaim"):
        fields = {"identity": PARKED[0].identity, "account": "ada@engines.test"}
        assert posted(browser, path, csrf=token, **fields).status_code == 403
    assert stage.desk.asked == []


def test_a_stranger_is_sent_to_sign_in(stage):
    answer = stage.stranger().get("/unclaimed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_claim_and_its_end(stage):
    browser = stage.browser(ROOT)
    token = form_token(browser)
    one = PARKED[0].identity
    fields = {"csrf": token, "identity": one, "account": "ada@engines.test"}
    answer = posted(browser, "/unclaimed/claim", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/unclaimed")
    answer = posted(browser, "/unclaimed/unclaim", csrf=token, identity=one)
    assert (answer.status_code, answer.headers["location"]) == (303, "/unclaimed")
    assert stage.desk.asked == [
        ("claim", "operator", one, "ada@engines.test"),
        ("unclaim", "operator", one),
    ]


def test_a_claim_that_cannot_be_says_why(stage):
    browser = stage.browser(ROOT)
    fields = {"csrf": form_token(browser), "identity": "nobody", "account": "a@b.c"}
    answer = posted(browser, "/unclaimed/claim", **fields)
    assert answer.status_code == 404
    assert "Nothing came under nobody" in answer.text


def test_a_form_of_another_site_changes_nothing(stage):
    browser = stage.browser(ROOT)
    fields = {"csrf": form_token(browser), "identity": PARKED[0].identity}
    headers = {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    for path in ("/unclaimed/claim", "/unclaimed/unclaim"):
        answer = browser.post(path, data=fields, headers=headers)
        assert answer.status_code == 403
        assert posted(browser, path, identity="x").status_code == 403
    assert stage.desk.asked == []


def test_a_link_changes_nothing(stage):
    browser = stage.browser(ROOT)
    for path in ("/unclaimed/claim", "/unclaimed/unclaim"):
        assert browser.get(path).status_code in (404, 405)


def test_when_all_belongs_to_somebody_the_page_says_so(stage, monkeypatch):
    monkeypatch.setattr("tests.web.parking.PARKED", ())
    monkeypatch.setattr("tests.web.parking.CLAIMED", ())
    text = stage.browser(ROOT).get("/unclaimed").text
    assert "All usage belongs to somebody" in text
    assert "<table" not in text


def test_long_lists_are_cut_and_say_so(stage, monkeypatch):
    many = tuple(PARKED[1]._replace(identity=f"p{n}@x.test") for n in range(500))
    monkeypatch.setattr("tests.web.parking.PARKED", many)
    text = stage.browser(ROOT).get("/unclaimed").text
    assert "500 identities: the first 200" in text
    assert text.count('<th scope="row"') == 200 + len(CLAIMED)


def test_the_list_of_people_leads_there(stage):
    assert 'href="/unclaimed"' in stage.browser(ROOT).get("/people").text
