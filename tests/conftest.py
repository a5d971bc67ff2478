"""What all tests share."""

from __future__ import annotations

import atexit
import gc
import os

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from tests.made_once import copy_what_is_new

# Speed is measured by the benchmarks; a busy machine must not fail a property.
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time: a verdict tells of the change and not of luck. ``make
# soak`` draws others, and many more.
settings.register_profile("quick", COMMON, max_examples=25, derandomize=True)
settings.register_profile("thorough", COMMON, max_examples=2_000)
settings.load_profile("quick")
# A hook of git's names the repository it runs in: tests would write into that one.
for which in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
    os.environ.pop(which, None)


def pytest_collection():
    """What is collected stays to the end: nobody has to look for garbage in it."""
    gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
    # Lets the database's module be taken down in peace: it reports what is left. Not
    # before pytest has looked for garbage, several times, when all is over.
    atexit.register(gc.unfreeze)


@pytest.fixture(scope="session", autouse=True)
def databases_made_once():
    with pytest.MonkeyPatch.context() as patch:
        copy_what_is_new(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_event_loop():
    """Answer all requests in one loop: to make another for each takes as long."""
    with start_blocking_portal() as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "portal", portal)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_index(tmp_path_factory):
    """No test may touch the index of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILEAGE_INDEX", str(tmp_path_factory.getbasetemp() / "index"))
        yield
