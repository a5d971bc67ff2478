"""Handlers read who is asking; without a guard there is nobody, and no answer."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from mileage.domain.errors import MileageError, Unauthorised
from mileage.web import api, asking, observe, pages
from mileage.web.asking import NOBODY, Asker
from mileage.web.problems import answer_error
from tests.web.stage import ADA, ORIGIN, Stage


def request(**state):
    return Request({"type": "http", "headers": [], "path": "/", "state": state})


def test_the_guard_is_believed():
    asked = request(asker=Asker(ADA, form_token="token"))
    assert asking.viewer(asked) == ADA
    assert asking.form_token(asked) == "token"


@pytest.mark.parametrize(
    "state", [{}, {"asker": None}, {"asker": ADA}, {"asker": NOBODY}]
)
def test_without_a_guard_there_is_nobody(state):
    asked = request(**state)
    assert asking.asker(asked) == NOBODY
    assert asking.form_token(asked) == ""
    with pytest.raises(Unauthorised, match="/sign-in"):
        asking.viewer(asked)


def test_routes_answer_nobody_even_when_the_guard_is_forgotten():
    """The second line of defence: every report takes a viewer, and there is none."""
    stage = Stage()
    routes = [*pages.routes(), *api.routes(), *observe.routes(stage.receiver)]
    app = Starlette(routes=routes, exception_handlers={MileageError: answer_error})
    app.state.services = stage.app.state.services
    client = TestClient(app, base_url=ORIGIN)
    shows_figures = [
        route.path.replace("{lens}", "tokens").replace("{account_id}", ADA.account_id)
        for route in routes
        if not route.path.startswith(
            ("/static", "/healthz", "/readyz", "/api/openapi", "/api/docs")
        )
    ]
    assert len(shows_figures) >= 9
    for path in shows_figures:
        assert client.get(path).status_code == 401, path
    assert stage.reports.asked == []
