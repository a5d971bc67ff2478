"""What a SCIM filter takes for granted, so that the store can look for it.

The protocol's library decides what a filter finds, of every resource it is handed, and
making one of 85,000 documents takes half a minute. So the store leaves out whatever
cannot be meant: a filter on a text finds nothing where that text does not stand.
"""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

from scim2_models.path import (
    CompareOperator,
    Comparison,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from mileage.domain.provisioning import Need

if TYPE_CHECKING:
    from scim2_models.path import FilterNode

TEXTS = frozenset(
    {
        *("username", "displayname", "nickname", "title", "usertype", "externalid"),
        *("name", "emails", "department", "division", "organization", "manager"),
        *("employeenumber", "costcenter", "value", "type", "display"),
        *("formatted", "givenname", "familyname"),
    }
)
"""Attributes that are kept as they were sent, and compared as text."""
CONTAINED = frozenset(
    {CompareOperator.eq, CompareOperator.co, CompareOperator.sw, CompareOperator.ew}
)
ANYTHING = (Need(),)
MOST = 16
"""Alternatives that the store is asked about; of more, about none."""


def needs(node: FilterNode | None) -> tuple[Need, ...]:
    """Return alternatives of which one must hold for whatever the filter finds."""
    if isinstance(node, Comparison):
        return (_compared(node),)
    if isinstance(node, ValuePath):
        return _within(node)
    if not isinstance(node, LogicalExpr):
        return ANYTHING
    each = [needs(term) for term in node.terms]
    if node.op == LogicalOperator.or_:
        found = tuple(need for some in each for need in some)
    elif _count(each) > MOST:
        return ANYTHING
    else:
        found = tuple(Need.of_all(some) for some in product(*each))
    return found if len(found) <= MOST and Need() not in found else ANYTHING


def _count(each: list[tuple[Need, ...]]) -> int:
    count = 1
    for some in each:
        count *= len(some)
    return count


def _within(node: ValuePath) -> tuple[Need, ...]:
    attribute, inner = node.attr_path.attr.lower(), node.val_filter
    if attribute == "members":
        return (_member(inner),)
    return needs(inner) if attribute in TEXTS else ANYTHING


def _member(node: FilterNode) -> Need:
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        path = node.attr_path
        named = (path.sub_attr or path.attr).lower()
        if named in {"members", "value"} and isinstance(node.value, str):
            return Need(members=(node.value,))
    return Need()


def _compared(node: Comparison) -> Need:
    attribute, value = node.attr_path.attr.lower(), node.value
    if attribute == "members":
        return _member(node)
    if attribute == "active" and node.op == CompareOperator.eq:
        return Need(texts=(f'"active": {json.dumps(value)}',))
    if not isinstance(value, str) or node.op not in CONTAINED:
        return Need()
    if attribute == "id" and node.op == CompareOperator.eq:
        return Need(ids=(value,))
    # Other letters have cases that the store does not know.
    if attribute in TEXTS and value.isascii():
        return Need(texts=(json.dumps(value)[1:-1],))
    return Need()
