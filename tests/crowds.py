"""Random organisations for disclosure control: departments, teams, a heavy tail."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from mileage.access.disclosure import Person

SIGMA = 2.2


@dataclass(frozen=True)
class Shape:
    """What an organisation looks like; drawn, so that every corner comes up."""

    departments: int
    teams: int
    active: float
    fresh: float
    named: float
    """Share of users, the largest first, whose figures stand on a board."""
    together: bool
    """Whole teams use nothing, or everybody in them does."""


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - organisations, not secrets


def shape(random: Random) -> Shape:
    return Shape(
        departments=random.randint(1, 6),
        teams=random.randint(1, 9),
        active=random.choice((0.1, 0.4, 0.7, 0.95, 1.0)),
        fresh=random.choice((0.05, 0.5, 0.9, 1.0)),
        named=random.choice((0.0, 0.0, 0.05, 0.3, 0.8)),
        together=random.random() < 0.2,
    )


def crowd_tree(
    random: Random, wanted: Shape | None = None
) -> dict[str, dict[str, tuple[Person, ...]]]:
    wanted = wanted or shape(random)
    tree: dict[str, dict[str, list[Person]]] = {}
    for number in range(wanted.departments):
        teams = {}
        for team in range(random.randint(1, wanted.teams)):
            size = max(1, min(16, round(random.gammavariate(4, 1.9))))
            idle = wanted.together and random.random() < wanted.active
            name = f"d{number}t{team}"
            teams[name] = [
                _person(random, f"{name}p{one}", wanted, idle=idle)
                for one in range(size)
            ]
        tree[f"d{number}"] = teams
    if random.random() < 0.5:
        loose = random.randint(1, 8)
        tree[""] = {"": [_person(random, f"p{n}", wanted) for n in range(loose)]}
    return _with_names(tree, wanted)


def _person(random: Random, name: str, wanted: Shape, *, idle: bool = False) -> Person:
    if idle or random.random() >= wanted.active:
        return Person(name, (0, 0), fresh=False)
    tokens = int(random.lognormvariate(15, SIGMA)) + 1
    return Person(name, (tokens, tokens // 7 + 1), fresh=random.random() < wanted.fresh)


def _with_names(tree, wanted: Shape):
    users = sorted(
        (
            one.amounts[0]
            for teams in tree.values()
            for crowd in teams.values()
            for one in crowd
            if any(one.amounts)
        ),
        reverse=True,
    )
    count = int(len(users) * wanted.named)
    least = users[count - 1] if count else None
    return {
        department: {
            team: tuple(
                one._replace(named=least is not None and one.amounts[0] >= least)
                for one in crowd
            )
            for team, crowd in teams.items()
        }
        for department, teams in tree.items()
    }


def everybody(tree) -> tuple[Person, ...]:
    return tuple(
        one for teams in tree.values() for crowd in teams.values() for one in crowd
    )
