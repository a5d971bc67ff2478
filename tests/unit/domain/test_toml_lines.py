"""Lines of keys in texts that the standard parser has accepted."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.toml_lines import key_lines

TEXT = '''\
# a comment = not a key
zone = "UTC" # zone = "twice"

[board]
top = 250
names = [
  "a = 1", # ] not closed here
  "b",
]
after = 1

[[price]]
model = "m"
usd = { input = 1, output = 2 }
long = """
inside = 1
[table]
"""
closed = \'\'\'
also = 2\'\'\'
next = 3

[[price]]
model = "n"
"quoted.key" = 1
dotted . inner = 2
[price.nested]
deep = 1
[[price.list]]
x = 1
[[price.list]]
x = 2
'''


def test_keys_and_headers_have_their_lines():
    lines = key_lines(TEXT)
    assert lines["zone",] == 2
    assert lines["board",] == 4
    assert lines["board", "top"] == 5
    assert lines["board", "names"] == 6
    assert lines["board", "after"] == 10
    assert lines["price", 0] == 12
    assert lines["price", 0, "model"] == 13
    assert lines["price", 0, "usd"] == 14
    assert lines["price", 0, "long"] == 15
    assert lines["price", 0, "closed"] == 19
    assert lines["price", 0, "next"] == 21
    assert lines["price", 1] == 23
    assert lines["price", 1, "model"] == 24
    assert lines["price", 1, "quoted.key"] == 25
    assert lines["price", 1, "dotted"] == 26
    assert lines["price", 1, "dotted", "inner"] == 26
    assert lines["price", 1, "nested", "deep"] == 28
    assert lines["price", 1, "list", 0, "x"] == 30
    assert lines["price", 1, "list", 1, "x"] == 32


def test_what_stands_in_texts_lists_and_comments_is_no_key():
    names = {part for path in key_lines(TEXT) for part in path}
    assert not {"a", "inside", "table", "also", "comment"} & names


def test_only_what_ends_a_line_for_toml_ends_a_line():
    text = "a = '\u2028\u0085'\r\nb = 1\r\n"
    assert tomllib.loads(text)["b"] == 1
    assert key_lines(text) == {("a",): 1, ("b",): 2}


def test_a_value_of_many_lines_is_gone_through_once():
    # Minutes, when each line had what was before it read again.
    names = "".join(f"  'name-{number}', # ]\n" for number in range(16_000))
    assert key_lines(f"a = [\n{names}]\nb = 1") == {("a",): 1, ("b",): 16_003}


def test_no_text_has_no_keys():
    assert key_lines("") == {}
    assert key_lines("\n# only this\n") == {}


words = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
values = st.sampled_from(
    ["1", "'x'", '"a = [b"', "[1, 2]", "[\n 1,\n 2 ]", "{ a = 1 }", '"""\nk = 2\n"""']
)


@given(
    st.dictionaries(words, values, max_size=6),
    st.dictionaries(words, st.dictionaries(words, values, max_size=4), max_size=4),
)
def test_every_key_of_a_parsed_text_is_found_where_it_stands(roots, tables):
    text, expected = "", {}
    for key, written in roots.items():
        expected[key,] = text.count("\n") + 1
        text += f"{key} = {written}\n"
    for name, pairs in tables.items():
        if name in roots:
            continue
        expected[name,] = text.count("\n") + 1
        text += f"[{name}]\n"
        for key, written in pairs.items():
            expected[name, key] = text.count("\n") + 1
            text += f"{key} = {written}  # end\n\n"
    tomllib.loads(text)
    assert key_lines(text) == expected
