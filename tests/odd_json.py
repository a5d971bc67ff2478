"""JSON as no program should write it, and some file has it all the same.

Names twice, bytes that are no UTF-8, numbers beyond what is counted, escapes where
there is nothing to escape.
"""

from __future__ import annotations

import json
from itertools import count

from hypothesis import strategies as st

VALUES = (
    *(
        b"null",
        b"true",
        b"0",
        b"-0",
        b"1.0",
        b"1e3",
        b"-1",
        b"01",
        b"NaN",
        b"[]",
        b"{}",
    ),
    *(b"9223372036854775808", b"1000000000001", b"1e400", b"1e-400", b"7" * 5_000),
    *(b'""', b'"x"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc3\xa9"', b'"\x00"', b'"open'),
    *(b'"\\ud83d"', b'"\\ud83d\\ude00"', b'"\\u0078"', b'"' + b"long" * 300 + b'"'),
    *(b'{"\xff":1}', b'{"a":{"type":"x"}}', b'[1,"\xfe"]', b"[" * 70 + b"]" * 70),
    *(b"\xef\xbb\xbf1", b'"<synthetic>"', b'[{"type":"advisor_message"}]'),
)
NAMES = (b"", b"x", b"\xff", b"\\u0069d", b"\\ud83d", b'x\\"type', b"type", b"id")
_WAYS = ("instead", "instead", "twice", "once more before", "beside")
_mischief = st.dictionaries(
    st.integers(0, 20),
    st.tuples(st.sampled_from(_WAYS), st.sampled_from(NAMES), st.sampled_from(VALUES)),
    min_size=1,
    max_size=4,
)


def oddly_written(objects):
    """Return objects as bytes, with one to four oddities in each."""
    return st.tuples(objects, _mischief).map(
        lambda both: _written(both[0], both[1], count())
    )


def _written(value, oddities, places):
    if not isinstance(value, dict):
        return json.dumps(value).encode()
    members = []
    for name, one in value.items():
        key, told = json.dumps(name).encode(), _written(one, oddities, places)
        way, other, odd = oddities.get(next(places), ("", b"", b""))
        if way == "once more before":
            members.append(key + b":" + odd)
        members.append(key + b":" + (odd if way == "instead" else told))
        if way == "twice":
            members.append(key + b":" + odd)
        if way == "beside":
            members.append(b'"' + other + b'":' + odd)
    return b"{" + b",".join(members) + b"}"
