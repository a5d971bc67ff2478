"""Signed notes, against the published example of the format."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mileage.access.notes import (
    Head,
    VerifierKey,
    name_of_key,
    open_note,
    origin_of,
    parse_key,
    signed_note,
)
from mileage.domain.errors import Invalid

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNER.public_key()
RAW = PUBLIC.public_bytes_raw()
KEY = VerifierKey(name_of_key(RAW), RAW)
HEAD = Head(origin_of(KEY, "access"), 20_852_163, bytes(range(32)))
NOTE = signed_note(HEAD, KEY, SIGNER.sign)


def fits(signature, text):
    try:
        PUBLIC.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def test_a_note_looks_as_the_format_says():
    text, signature = NOTE.split("\n\n")
    root = b64encode(bytes(range(32))).decode()
    assert text.split("\n") == [f"{KEY.name}/access", "20852163", root]
    assert signature.startswith(f"\N{EM DASH} {KEY.name} ")
    assert NOTE.endswith("\n")
    assert NOTE.count("\n") == 5


def test_a_note_opens_with_its_key():
    assert open_note(NOTE, KEY, fits) == HEAD


def test_the_published_key_of_the_format_is_read():
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = parse_key(text)
    assert (key.name, key.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    assert str(key) == text


def test_a_key_is_read_as_it_is_written():
    assert parse_key(f" {KEY}\n") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a+b+c",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpcAAAA",
        "é+c74f20a3+é",
    ],
)
def test_what_is_no_key(text):
    with pytest.raises(Invalid, match="no verification key"):
        parse_key(text)


@pytest.mark.parametrize("at", range(0, len(NOTE), 3))
def test_a_note_with_a_character_changed_does_not_open(at):
    changed = NOTE[:at] + ("x" if NOTE[at] != "x" else "y") + NOTE[at + 1 :]
    with pytest.raises(Invalid):
        open_note(changed, KEY, fits)


@pytest.mark.parametrize("cut", [1, 2, 10, 90, 120, len(NOTE)])
def test_a_note_that_was_cut_does_not_open_as_another(cut):
    try:
        assert open_note(NOTE[:-cut], KEY, fits) == HEAD
        assert cut == 1
    except Invalid:
        assert cut > 1


def test_a_note_of_another_key_does_not_open():
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    raw = stranger.public_key().public_bytes_raw()
    other = VerifierKey(name_of_key(raw), raw)
    with pytest.raises(Invalid, match="not signed by"):
        open_note(signed_note(HEAD, other, stranger.sign), KEY, fits)
    impostor = VerifierKey(KEY.name, raw)
    with pytest.raises(Invalid, match="not signed by"):
        open_note(signed_note(HEAD, impostor, stranger.sign), KEY, fits)


def test_other_signatures_beside_ours_are_passed_over():
    lines = NOTE.splitlines(keepends=True)
    witness = "\N{EM DASH} witness.example AAAAAAAA\n"
    more = "".join([*lines[:4], witness, "nonsense\n", *lines[4:], witness])
    assert open_note(more, KEY, fits) == HEAD


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n1\nAAAA\n",
        "a\n-1\n" + b64encode(bytes(32)).decode() + "\n",
        "a\n٣\n" + b64encode(bytes(32)).decode() + "\n",
        "a\nx\n" + b64encode(bytes(32)).decode() + "\n",
        "a\n1\n" + b64encode(bytes(32)).decode() + "\nmore\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint(text):
    signature = b64encode(KEY.key_id + SIGNER.sign(text.encode())).decode()
    note = f"{text}\n\N{EM DASH} {KEY.name} {signature}\n"
    with pytest.raises(Invalid, match="no checkpoint"):
        open_note(note, KEY, fits)
