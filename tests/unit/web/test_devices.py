from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.web.devices import PROGRAMS, SYSTEMS, device_of

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "device"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/156.0 Safari/537.36 Edg/156",
            "Edge on Windows",
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 14_0) {WEBKIT} Chrome/156 Safari/1",
            "Chrome on macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1",
            "Safari on iOS",
        ),
        (f"{MOZILLA} (Linux; Android 16) Chrome/156.0 Safari/537", "Chrome on Android"),
        ("curl/8.9.1", "curl"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_in_two_words(header, device):
    assert device_of(header) == device


@given(st.text(max_size=2000))
def test_only_words_of_ours_come_out(header):
    ours = {name for _, name in (*PROGRAMS, *SYSTEMS)} | {"on"}
    assert set(device_of(header).split()) <= ours
