"""Ids of answers: what may be another's is none."""

from __future__ import annotations

import pytest

from mileage.sources.response_ids import unique


@pytest.mark.parametrize(
    ("response_id", "link"),
    [
        ("chatcmpl-9970eb0f3f628dc17230e9f5", "chatcmpl-9970eb0f3f628dc17230e9f5"),
        (
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
        ),
        # Local servers count, and begin anew.
        ("chatcmpl-417", ""),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_only_an_id_that_is_nobody_elses_links(response_id, link):
    assert unique(response_id) == link
