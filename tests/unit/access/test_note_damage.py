"""Signed notes with every kind of damage: opened as they were, or not at all."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mileage.access.notes import (
    LONGEST_NOTE,
    Head,
    VerifierKey,
    name_of_key,
    open_note,
    origin_of,
    parse_key,
    signed_note,
)
from mileage.domain.errors import Invalid

DASH = "\N{EM DASH}"


def signer(seed):
    secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    raw = secret.public_key().public_bytes_raw()
    return secret, VerifierKey(name_of_key(raw), raw)


SECRET, KEY = signer(7)
OTHER_SECRET, OTHER = signer(8)
HEAD = Head(origin_of(KEY, "access"), 42, bytes(range(32)))
NOTE = signed_note(HEAD, KEY, SECRET.sign)
TEXT, SIGNATURE = NOTE.split("\n\n")
ROOT = b64encode(bytes(32)).decode()


def fits(signature, text):
    try:
        SECRET.public_key().verify(signature, text)
    except InvalidSignature:
        return False
    return True


def opened(note):
    return open_note(note, KEY, fits)


def signed(text):
    """Any text at all, signed by us."""
    made = b64encode(KEY.key_id + SECRET.sign(text.encode())).decode()
    return f"{text}\n{DASH} {KEY.name} {made}\n"


def opens(note):
    """Whether it opens at all, and then as what was signed."""
    try:
        assert opened(note) == HEAD
    except Invalid:
        return False
    return True


def test_without_any_one_character_it_does_not_open():
    last = len(NOTE) - 1
    cut = [NOTE[:at] + NOTE[at + 1 :] for at in range(last)]
    assert not any(map(opens, cut))
    # The signature's line needs no end.
    assert opens(NOTE[:last])


@pytest.mark.parametrize("more", ["\n", " ", "0", "\u00a0", "\r", "A"])
def test_with_a_character_more_no_word_of_it_opens_as_another(more):
    longer = [NOTE[:at] + more + NOTE[at:] for at in range(len(NOTE))]
    told = len(TEXT)
    assert not any(map(opens, longer[:told]))
    # Between and behind signatures there may be lines that are none.
    assert sum(map(opens, longer[told:])) <= 4


def test_a_signature_with_a_bit_turned():
    signature = b64decode(SIGNATURE.split()[-1])
    for at in range(4 + 64):
        raw = bytearray(signature)
        raw[at] ^= 1 << (at % 8)
        line = f"{DASH} {KEY.name} {b64encode(bytes(raw)).decode()}\n"
        with pytest.raises(Invalid, match="not signed by"):
            opened(f"{TEXT}\n\n{line}")


@pytest.mark.parametrize("at", range(32))
def test_a_root_with_a_bit_turned(at):
    root = bytearray(HEAD.root)
    root[at] ^= 0x80
    changed = NOTE.replace(
        b64encode(HEAD.root).decode(), b64encode(bytes(root)).decode()
    )
    assert changed != NOTE
    with pytest.raises(Invalid, match="not signed by"):
        opened(changed)


@pytest.mark.parametrize("size", [0, 41, 43, 420, 4, 2, 10**17])
def test_another_size(size):
    with pytest.raises(Invalid, match="not signed by"):
        opened(NOTE.replace("\n42\n", f"\n{size}\n"))


def test_the_signature_of_one_log_does_not_do_for_another():
    changes = signed_note(HEAD._replace(origin=f"{KEY.name}/changes"), KEY, SECRET.sign)
    with pytest.raises(Invalid, match="not signed by"):
        opened(f"{TEXT}\n\n{changes.split(chr(10) * 2)[1]}")


@pytest.mark.parametrize(
    "line",
    [
        SIGNATURE.replace(DASH, "-"),
        SIGNATURE.replace(DASH, "\N{EN DASH}"),
        SIGNATURE.replace(f"{DASH} ", DASH),
        SIGNATURE.replace(KEY.name, KEY.name.upper()),
        SIGNATURE.replace(KEY.name, f"{KEY.name}x"),
        SIGNATURE.replace(KEY.name, OTHER.name),
        SIGNATURE[:-20] + "\n",
        f"{DASH} {KEY.name}\n",
        f"{DASH} {KEY.name} \n",
        f"{DASH} {KEY.name} {b64encode(KEY.key_id).decode()}\n",
        f"{DASH} {KEY.name} {b64encode(bytes(68)).decode()}\n",
        f"{DASH} {KEY.name} not base 64\n",
        f"{DASH} {KEY.name} \u00e9\n",
        "",
    ],
)
def test_a_signature_line_that_is_none(line):
    with pytest.raises(Invalid, match="not signed by"):
        opened(f"{TEXT}\n\n{line}")


def test_a_right_signature_with_the_id_of_another_key():
    raw = b64decode(SIGNATURE.split()[-1])
    line = f"{DASH} {KEY.name} {b64encode(OTHER.key_id + raw[4:]).decode()}\n"
    with pytest.raises(Invalid, match="not signed by"):
        opened(f"{TEXT}\n\n{line}")


def test_ours_after_a_wrong_one_under_our_name_still_counts():
    wrong = f"{DASH} {KEY.name} {b64encode(KEY.key_id + bytes(64)).decode()}\n"
    assert opened(f"{TEXT}\n\n{wrong}{SIGNATURE}") == HEAD


def test_a_flood_of_signatures_is_not_read_to_its_end():
    flood = f"{DASH} witness.example AAAAAAAA\n" * 1000
    assert len(flood) > LONGEST_NOTE
    assert opened(f"{TEXT}\n\n{SIGNATURE}{flood}") == HEAD
    with pytest.raises(Invalid, match="not signed by"):
        opened(f"{TEXT}\n\n{flood}{SIGNATURE}")


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "a\n",
        f"a\n\u00b2\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n",
        f"a\n1_0\n{ROOT}\n",
        f"a\n 1\n{ROOT}\n",
        f"a\n1.0\n{ROOT}\n",
        f"a\n{'9' * 19}\n{ROOT}\n",
        f"a\n{'9' * 5000}\n{ROOT}\n",
        f"a\n1\n{ROOT[:-4]}\n",
        f"a\n1\n{ROOT} \n",
        f"a\n1\n{b64encode(bytes(33)).decode()}\n",
        "a\n1\n" + "=" * 44 + "\n",
    ],
)
def test_what_we_signed_and_is_no_checkpoint(text):
    """Whoever has the key may sign anything: it is refused with a sentence."""
    with pytest.raises(Invalid, match="no checkpoint"):
        opened(signed(text))


@pytest.mark.parametrize("size", [0, 1, 10**17, 10**18 - 1])
def test_sizes_that_are_read(size):
    head = HEAD._replace(size=size)
    assert opened(signed_note(head, KEY, SECRET.sign)) == head


@pytest.mark.parametrize("note", ["", "\n", "\n\n", "\n\n\n\n", "\x00", DASH * 9999])
def test_what_is_no_note_at_all(note):
    with pytest.raises(Invalid):
        opened(note)


def test_another_key_of_the_same_name_has_another_id():
    impostor = VerifierKey(KEY.name, OTHER.public)
    assert impostor.key_id != KEY.key_id
    with pytest.raises(Invalid):
        opened(signed_note(HEAD, impostor, OTHER_SECRET.sign))


def written(key=KEY, **other):
    name, key_id, coded = str(key).split("+", 2)
    parts = {"name": name, "key_id": key_id, "coded": coded, **other}
    return "+".join(parts.values())


@pytest.mark.parametrize(
    "other",
    [
        {"name": ""},
        {"name": KEY.name + " "},
        {"key_id": ""},
        {"key_id": KEY.key_id.hex().upper()},
        {"key_id": OTHER.key_id.hex()},
        {"coded": ""},
        {"coded": "!" * 44},
        {"coded": b64encode(KEY.public).decode()},
        {"coded": b64encode(b"\x02" + KEY.public).decode()},
        {"coded": b64encode(b"\x01" + OTHER.public).decode()},
        {"coded": b64encode(b"\x01" + KEY.public + b"x").decode()},
        {"coded": b64encode(b"\x01" + KEY.public[:-1]).decode()},
    ],
    ids=str,
)
def test_a_key_that_was_copied_wrongly(other):
    if KEY.key_id.hex().isdecimal():
        pytest.fail("choose a key whose id has letters")
    with pytest.raises(Invalid, match="copy the line"):
        parse_key(written(**other))


@pytest.mark.parametrize("seed", range(20))
def test_every_key_comes_back(seed):
    _, key = signer(seed)
    assert parse_key(written(key)) == parse_key(f"\t{key} \r\n") == key
