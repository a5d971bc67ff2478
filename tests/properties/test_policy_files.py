"""Whatever stands in a policy file: it is in force, or it is told what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mileage
from mileage.domain.policy import PolicyErrors
from mileage.wiring.policy import NAMES, load_policy
from tests.drawing import examples

SHIPPED = Path(mileage.__file__).parent / "policy"
_PAIR = re.compile(r"(?m)^[\w.]+ = (?P<value>.*[^\n\[{(])$")
_EXAMPLE = re.compile(r"(?m)^# *(?=\w+ = |\[\[?\w)")

ODD = (
    *("0", "-1", "9" * 20, "9" * 400, "9" * 5_000, f"0x{'f' * 9_000}"),
    *("1e400", "9e99999999999999999999", "1e-400", "inf", "-inf", "nan"),
    *("true", "[]", "[1]", "[[]]", "['a', 'a']", "['']", "{}", "{a = 1}"),
    *("''", "' '", "'x'", f"'{'x' * 600}'", r'"\u0000"', r'"\ud7ff\U0010ffff"'),
    *("'(((('", f"'{'(' * 300}1{')' * 300}'", f"'{'-' * 300}1'", "'1/0'"),
    *("'tokens ** 9 ** 9 ** 9'", "'log(0)'", "'1e999 * tokens'"),
    *("1979-05-27", "0001-01-01", "9999-12-31", "1979-05-27T07:32:00Z", "07:32:00"),
    f"{'[' * 3_000}",
)


def texts():
    """Every shipped file, as it is and with its examples in force."""
    for name in NAMES:
        text = (SHIPPED / name).read_text("utf-8")
        yield name, text
        yield name, _EXAMPLE.sub("", text)


def places(name):
    """Every value of a file: what stands before it, and behind it."""
    return [
        (text[: found.start("value")], text[found.end("value") :])
        for file, text in texts()
        if file == name
        for found in _PAIR.finditer(text)
    ]


PLACES = st.one_of(
    *(st.tuples(st.just(name), st.sampled_from(places(name))) for name in NAMES)
)


@pytest.mark.parametrize(("name", "text"), list(texts()))
def test_what_ships_is_right_with_and_without_its_examples(name, text, tmp_path):
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / name).write_text(text, "utf-8")
    assert load_policy(tmp_path)


@settings(max_examples=examples(150), deadline=None)
@given(place=PLACES, value=st.sampled_from(ODD))
def test_any_value_anywhere_is_taken_or_refused_by_its_name(place, value):
    name, (before, after) = place
    with TemporaryDirectory() as data:
        policy = Path(data, "policy")
        policy.mkdir()
        (policy / name).write_text(f"{before}{value}{after}", "utf-8")
        findings = ()
        try:
            load_policy(Path(data))
        except PolicyErrors as errors:
            findings = errors.findings
        assert all(name in one.file and one.problem for one in findings)
