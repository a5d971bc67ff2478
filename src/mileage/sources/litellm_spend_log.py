"""Rows of ``LiteLLM_SpendLogs`` that an older LiteLLM wrote.

They do not name the call that a callback of the same request names, so they stand as a
source of their own, which joins the other by the provider's ids.
"""

from __future__ import annotations

from mileage.sources.litellm import NAMELESS_NAME, LiteLLM

SOURCE = LiteLLM(NAMELESS_NAME, 11)
