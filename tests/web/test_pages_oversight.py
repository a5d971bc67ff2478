"""The page of those who watch over how people's figures are read."""

from __future__ import annotations

import re
from html import unescape

from mileage.domain.people import HeldRole, Viewer
from tests.web.stage import ADA, ROOT, Stage

PATH = "/oversight"
WITH_PURPOSE = f"{PATH}?purpose=oversight"


def holder(role):
    return Viewer(f"acc-{role}", role, roles=(HeldRole(role),))


def words(answer):
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def opened(role):
    return words(Stage().browser(holder(role)).get(WITH_PURPOSE))


def test_the_operator_sees_who_was_stopped_who_reads_and_what_changed():
    text = words(Stage().browser(ROOT).get(PATH))
    for told in (
        *("Curious Carl", "different people", "limit 1000 a day", "reads by the API"),
        *("1,204", "40,312", "role granted", "41,400", "prove-growth"),
    ):
        assert told in text


def test_it_is_nobody_elses():
    assert Stage().stranger().get(PATH, follow_redirects=False).status_code == 303
    answer = Stage().browser(ADA).get(PATH)
    assert answer.status_code == 403
    assert "Carl" not in answer.text


def test_a_steward_sees_no_changes_and_a_council_no_names():
    steward = opened("steward")
    assert "Curious Carl" in steward
    assert "Latest changes" not in steward
    council = opened("works-council")
    assert "2 people were stopped" in council
    assert "40,312" in council
    assert not any(one in council for one in ("Carl", "Sue", "Who reads most", "Root"))


def test_a_purpose_is_asked_for():
    answer = Stage().browser(holder("auditor")).get(PATH)
    assert 'value="oversight"' in answer.text
    assert "Carl" not in answer.text


def test_it_is_dark_in_the_dark():
    stage = Stage()
    stage.dark.on(ROOT, "a leak")
    answer = stage.browser(ROOT).get(PATH)
    assert answer.status_code == 503
    assert "Carl" not in answer.text
