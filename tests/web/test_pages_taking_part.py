"""The page on which people choose how they stand on boards, and the API beside it."""

from __future__ import annotations

import re

import pytest

from mileage.domain.participation import CHOICES, MODES, Chosen
from tests.web.stage import ADA, BOB, ROOT, Stage
from tests.web.taking_part import FakeStatements, FakeTakingPart

PATH = "/me/taking-part"


def opened(taking, viewer=ADA):
    return Stage(taking_part=taking).browser(viewer).get(PATH)


def checked(html):
    return re.findall(r'value="([\w-]+)"[^>]* checked', html)


@pytest.mark.parametrize("mode", MODES)
def test_what_can_be_chosen_follows_from_the_mode(mode):
    html = opened(FakeTakingPart(mode)).text
    open_ones = re.findall(r'name="choice" id="[\w-]+" value="([\w-]+)"', html)
    expected = {"pseudonym": 2, "teams-only": 1}.get(mode, 3)
    assert open_ones == [*CHOICES[::-1][3 - expected :], "policy"]
    assert checked(html) == ["policy"]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("shown", "You stand on the boards by name."),
        ("pseudonym", "You stand on the boards as Calm Heron 4821."),
        ("hidden", "You stand on no board of people."),
    ],
)
def test_it_says_how_one_stands_now(choice, sentence):
    taking = FakeTakingPart(chosen={ADA.account_id: Chosen(choice, stated=True)})
    html = opened(taking).text
    assert sentence in html
    assert checked(html) == [choice, "yes"]


def test_an_objection_is_said():
    taking = FakeTakingPart(objectors=frozenset({ADA.account_id}))
    html = opened(taking).text
    assert "You have objected" in html
    assert "You stand on no board of people." in html


def chosen_by_form(stage, viewer, **fields):
    browser = stage.browser(viewer)
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get(PATH).text)[1]
    return browser.post(PATH, data={"csrf": token, **fields})


def test_a_choice_is_saved_and_shown():
    stage = Stage()
    answer = chosen_by_form(stage, BOB, choice="hidden", stated="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert stage.taking_part.chosen == {
        BOB.account_id: Chosen("hidden", stated=True, since=7)
    }
    assert checked(stage.browser(BOB).get(PATH).text) == ["hidden", "yes"]
    assert checked(stage.browser(ADA).get(PATH).text) == ["policy"]


@pytest.mark.parametrize("choice", ["", "everything"])
def test_what_cannot_be_chosen_is_refused_in_words(choice):
    stage = Stage()
    answer = chosen_by_form(stage, ADA, choice=choice)
    assert answer.status_code == 422
    assert "choose one of" in answer.text.lower()
    assert stage.taking_part.chosen == {}


def test_a_form_without_its_token_changes_nothing():
    stage = Stage()
    answer = stage.browser().post(PATH, data={"choice": "hidden"})
    assert answer.status_code == 403
    assert stage.taking_part.chosen == {}


def test_the_operator_is_nobody_in_particular():
    assert opened(FakeTakingPart(), ROOT).status_code == 404


def test_a_stranger_is_sent_to_sign_in():
    assert Stage().stranger().get(PATH).status_code in {302, 303, 401}


def test_the_api_says_the_same():
    taking = FakeTakingPart("pseudonym", {ADA.account_id: Chosen("shown")})
    answer = Stage(taking_part=taking).program().get("/api/v1/me/participation")
    assert answer.json() == {
        "mode": "pseudonym",
        "choice": "shown",
        "statement": False,
        "in_force": "pseudonym",
        "objected": False,
        "pseudonym": "Calm Heron 4821",
        "choices": ["pseudonym", "hidden"],
    }


def test_a_key_changes_nothing():
    stage = Stage()
    answer = stage.program().post(PATH, data={"choice": "hidden"})
    assert answer.headers["location"] == "/sign-in"
    assert stage.taking_part.chosen == {}


def test_statements_say_yes_or_no_and_nothing_else():
    html = Stage().browser().get("/statements").text
    ada = html.split("Ada Byron</th>")[1].split("</tr>")[0]
    assert "is among the first 250" in ada
    assert html.count("is not among the first 250") == 1
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


@pytest.mark.parametrize("of", [{"rows": ()}, {"empty": True}])
def test_without_statements_it_is_said(of):
    stage = Stage(statements=FakeStatements(**of))
    assert "Nobody has asked for one" in stage.browser().get("/statements").text


def test_statements_by_the_api():
    told = Stage().program().get("/api/v1/statements").json()
    assert [row["among"] for row in told["rows"]] == [True, False]
    assert set(told["rows"][0]) == {"name", "among"}
