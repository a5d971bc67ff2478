"""What the page shows that explains a rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.formula import Name, Number
from mileage.web.board_choices import scope_title, window_title
from mileage.web.personal_view import CLASSES

if TYPE_CHECKING:
    from mileage.domain.formula import Formula
    from mileage.reports.why import Why
    from mileage.web.board_query import BoardQuery

NAMES = {name: title for name, title, _ in CLASSES}


class WhyView(NamedTuple):
    """Everything ``why.html`` shows beside the frame."""

    why: Why
    window: str
    scope: str
    formula: str
    """How the value follows from metrics; '' when it is the credit itself."""
    minimum: tuple[tuple[str, int], ...]
    back: str
    """The board that the rank is on."""


def why_view(why: Why, query: BoardQuery) -> WhyView:
    """Prepare the page."""
    rule = why.rule
    return WhyView(
        why=why,
        window=window_title(why.placed.head.name),
        scope=scope_title(why.placed.scope),
        formula=formula_text(rule.formula) if rule and rule.formula else "",
        minimum=tuple((name.replace("_", " "), least) for name, least in rule.minimum)
        if rule
        else (),
        back=query.address(scope=why.placed.scope),
    )


def formula_text(formula: Formula, *, inner: bool = False) -> str:
    """Write a formula for people; what is inside another one has parentheses."""
    if isinstance(formula, Number):
        return f"{formula.value:,.10g}"
    if isinstance(formula, Name):
        return formula.name.replace("_", " ")
    if formula.sign in {"min", "max"}:
        word = "the smaller" if formula.sign == "min" else "the larger"
        return (
            f"{word} of ({formula_text(formula.left)}, {formula_text(formula.right)})"
        )
    sides = (formula_text(one, inner=True) for one in (formula.left, formula.right))
    text = f" {SIGNS[formula.sign]} ".join(sides)
    return f"({text})" if inner else text


SIGNS = {"+": "+", "-": "\N{MINUS SIGN}", "*": "\N{MULTIPLICATION SIGN}", "/": "/"}
