from __future__ import annotations

import hashlib
import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.store.control.minting import hashed, looks_like, new_id, new_secret


def test_an_id_is_opaque_and_plain():
    made = new_id("acc", secrets.token_bytes)
    assert re.fullmatch(r"acc_[a-z2-7]{16}", made)


def test_an_id_comes_from_the_given_randomness():
    assert new_id("acc", bytes) == "acc_" + "a" * 16
    assert new_id("tok", lambda size: b"\xff" * size) == "tok_" + "7" * 16


def test_a_secret_asks_for_256_bits():
    asked = []

    def random_bytes(size):
        asked.append(size)
        return bytes(size)

    new_secret("p", random_bytes)
    assert asked == [32]


def test_secrets_differ():
    made = {new_secret("k", secrets.token_bytes) for _ in range(1000)}
    assert len(made) == 1000


@pytest.mark.parametrize("kind", ["p", "c", "k", "l", "s"])
def test_a_secret_says_what_it_is(kind):
    made = new_secret(kind, secrets.token_bytes)
    assert re.fullmatch(rf"mlg_{kind}_[A-Za-z0-9_-]{{43}}", made)
    assert looks_like(made, kind)
    assert looks_like(made, "x", kind)
    assert not looks_like(made, *({"p", "c", "k", "l", "s"} - {kind}))


@pytest.mark.parametrize("strange", ["", "mlg_p_", "mlg_p_" + "a" * 42, "x" * 10**6])
def test_what_strangers_send_does_not_look_like_a_secret(strange):
    assert not looks_like(strange, "p", "c", "k", "l", "s")


def test_what_is_stored_is_the_sha_256():
    assert hashed("mlg_p_x") == hashlib.sha256(b"mlg_p_x").digest()


@given(st.text(st.characters(codec=None)))
def test_any_text_has_a_hash(text):
    assert len(hashed(text)) == 32
