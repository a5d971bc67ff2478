from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mileage.web.app import create_app
from tests.web.fixtures import FakeReports, fake_services


@pytest.fixture
def open_as():
    """Open a page as somebody: ``operator``, ``me``, ``below`` or a stranger ('')."""

    def opened(path, who="me", reports=None):
        client = TestClient(
            create_app(fake_services(reports or FakeReports())),
            headers={"accept": "text/html"},
            follow_redirects=False,
        )
        if who:
            client.cookies.set("mileage_session", who)
        return client.get(path)

    return opened
