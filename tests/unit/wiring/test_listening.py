"""Nothing listens beyond loopback before somebody can sign in."""

from __future__ import annotations

import pytest

from mileage.domain.errors import Invalid
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.organisation import now
from mileage.wiring.serve import _require_sign_in

ADDRESS = 'address = "https://mileage.x.example"\n'
OIDC = '[oidc]\nissuer = "https://id.x.example"\nclient_id = "m"\n'


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "policy").mkdir(parents=True, mode=0o700)
    return folder


def say(data, text):
    (data / "policy" / "sign_in.toml").write_text(text, "utf-8")


@pytest.mark.parametrize("text", ["", ADDRESS, OIDC])
def test_without_a_way_in_it_stays_on_loopback(data, text):
    say(data, text)
    with pytest.raises(Invalid, match="loopback only"):
        _require_sign_in("0.0.0.0", data)  # noqa: S104
    assert not (data / FILE_NAME).exists()


def test_single_sign_on_at_an_address_opens_it(data):
    say(data, ADDRESS + OIDC)
    _require_sign_in("192.0.2.1", data)


def test_so_does_a_local_administrator(data):
    say(data, ADDRESS)
    with open_control(data / FILE_NAME, clock=now) as control:
        account_id = control.ensure_account("ana@x.example")
        control.set_password(account_id, "correct horse battery staple")
    _require_sign_in("192.0.2.1", data)
    with open_control(data / FILE_NAME, clock=now) as control:
        control.remove_password(account_id)
    with pytest.raises(Invalid):
        _require_sign_in("192.0.2.1", data)
