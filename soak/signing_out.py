"""Sign out at a real provider, and look which sessions of Mileage end.

    npm ci --prefix soak/signing_out      (once; node 20 or later)
    python soak/signing_out.py [--rounds 20]

The provider is the npm package ``oidc-provider``, with sessions of its own, consent and
back-channel logout. Each round two people sign in, one of them in two browsers, and one
of these browsers signs out at the provider: that session has to end, within a second,
and no other. Prints how long it took from the provider's answer.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mileage.domain.directory import PersonRow  # noqa: E402 - after the path above
from mileage.store.control import FILE_NAME, open_control  # noqa: E402
from tests.road.station import Station, free_port, trust_provider, until  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).with_suffix("")
BAR = 1.0
OK, ELSEWHERE = 200, 303
PEOPLE = ("ana", "boss")
_ACTION = re.compile(r'action="([^"]+)"')
_HIDDEN = re.compile(r'name="(\w+)"(?: type="\w+")? value="([^"]*)"')


@contextmanager
def provider(port: int, mileage: str) -> Iterator[str]:
    """Run the provider; gives its address."""
    process = subprocess.Popen(
        ["node", "provider.js", str(port), mileage],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            sys.exit("the provider does not start; run: npm ci --prefix " + str(HERE))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def serving(station: Station, issuer: str) -> Iterator[None]:
    """Serve an organisation of two that signs in there."""
    trust_provider(station.data, issuer)
    micros = time.time_ns() // 1000
    with open_control(station.data / FILE_NAME, clock=lambda: micros) as control:
        control.import_people(
            PersonRow(
                *(f"{name}@example.org", name, "person", "Engines", "Core"),
                *("", "", None, None),
            )
            for name in PEOPLE
        )
    station.start()
    try:
        yield
    finally:
        station.kill()


def enter(mileage: str, name: str) -> httpx.Client:
    """Sign somebody in, in a browser of their own: its sign-in and its consent."""
    browser = httpx.Client(follow_redirects=True, timeout=30)
    page = browser.get(f"{mileage}/sign-in/oidc")
    while not str(page.url).startswith(mileage):
        typed = {"login": name, "password": "anything"}
        page = browser.post(_target(page), data=_fields(page, **typed))
    assert browser.get(f"{mileage}/me").status_code == OK, page.text
    return browser


def leave(browser: httpx.Client, issuer: str) -> None:
    """Sign out at the provider, which asks once more."""
    page = browser.get(f"{issuer}/session/end")
    told = browser.post(_target(page), data=_fields(page, logout="yes"))
    assert told.status_code == OK, told.text


def _target(page: httpx.Response) -> str:
    found = _ACTION.search(page.text)
    assert found, page.text
    return str(page.url.join(found[1]))


def _fields(page: httpx.Response, **typed: str) -> dict[str, str]:
    return {**dict(_HIDDEN.findall(page.text)), **typed}


def is_in(browser: httpx.Client, mileage: str) -> bool:
    """Tell whether a session is open, without following anything."""
    answer = browser.get(f"{mileage}/me", follow_redirects=False)
    assert answer.status_code in {OK, ELSEWHERE}, answer
    return answer.status_code == OK


def turn(mileage: str, issuer: str) -> float:
    """Sign in three times and out once; returns the seconds until it held."""
    browsers = [enter(mileage, name) for name in ("ana", "ana", "boss")]
    leave(browsers[0], issuer)
    began = time.monotonic()
    until(lambda: not is_in(browsers[0], mileage), "the end of the session")
    took = time.monotonic() - began
    assert [is_in(one, mileage) for one in browsers] == [False, True, True]
    for one in browsers[1:]:
        leave(one, issuer)
        until(lambda one=one: not is_in(one, mileage), "the end of the others")
    return took


def main() -> None:
    """Run the rounds; print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        station = Station(Path(folder))
        mileage = f"http://127.0.0.1:{station.port}"
        with provider(free_port(), mileage) as issuer, serving(station, issuer):
            times = [turn(mileage, issuer) for _ in range(asked.rounds)]
    print(
        f"{asked.rounds} rounds, {3 * asked.rounds} sessions ended one by one: "
        f"median {median(times):.3f} s, longest {max(times):.3f} s"
    )
    sys.exit(0 if max(times) <= BAR else 1)


if __name__ == "__main__":
    main()
