"""The papers that a works council and a data protection officer ask for, as Markdown.

What the configuration says is filled in; what only the organisation knows is marked
``[…]`` and stays to be written. A draft, and no legal advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.reports.statement import Statement


def council_pack(
    told: Statement, versions: Mapping[str, str], day: str
) -> dict[str, str]:
    """Return each paper by its file name; ``versions`` are the policy files'."""
    papers = {
        "data-map.md": _data_map(told),
        "purposes.md": _purposes(told),
        "roles.md": _roles(told),
        "retention.md": _retention(told),
        "logs.md": _section("Logs", _list(told.logs)),
        "excluded-uses.md": _excluded(told),
        "dpia-draft.md": _dpia(told),
    }
    head = f"{told.organisation}, {day}. Made from the configuration in force.\n"
    made = {name: _headed(text, head) for name, text in papers.items()}
    made["README.md"] = _contents(told, papers, versions, day)
    return made


def _headed(text: str, head: str) -> str:
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{head}{rest}"


def _contents(
    told: Statement, papers: Iterable[str], versions: Mapping[str, str], day: str
) -> str:
    files = _list(f"[{name}]({name})" for name in papers)
    rows = _table(("policy file", "version"), sorted(versions.items()))
    what = (
        "Compare the versions with those that `mileage check` prints and boards show: "
        "when they differ, the configuration has changed and these papers are to be "
        "made again with `mileage council-pack`."
    )
    return f"# Mileage at {told.organisation}, {day}\n\n{files}\n{what}\n\n{rows}"


def _data_map(told: Statement) -> str:
    rows = [
        (one.name, one.says, one.why, one.kept, ", ".join(one.tables))
        for one in told.data
    ]
    header = ("data", "what it says", "why", "kept", "tables")
    return _section("Data map", _table(header, rows)) + _section(
        "Never kept", _list(told.never), level=2
    )


def _purposes(told: Statement) -> str:
    rows = [(one.name, one.title, "on" if one.on else "off") for one in told.uses]
    return _section("Purposes", _table(("purpose", "is", "state"), rows))


def _roles(told: Statement) -> str:
    rows = [
        (
            *(one.role, one.held_by, one.report, one.of),
            *(", ".join(one.purposes), ", ".join(one.without) or "-"),
        )
        for one in told.rights
    ]
    header = ("role", "held by", "may see", "of", "what for", "without")
    said = "What no line allows is refused.\n\n"
    limits = _section("Small groups", _list(told.thresholds), level=2)
    return _section("Who may see what", said + _table(header, rows)) + limits


def _retention(told: Statement) -> str:
    rows = [(one.name, one.kept) for one in told.data]
    said = (
        "\nDeletion runs once a day; each leaves a record with the hash of the one "
        "before, which `mileage verify` checks. A person is erased with "
        "`mileage person erase`.\n"
    )
    return _section("Retention", _table(("data", "kept"), rows) + said)


def _excluded(told: Statement) -> str:
    return _section("Excluded uses", _list(told.excluded))


def _dpia(told: Statement) -> str:
    parts = (
        ("Description of the processing", _describe(told)),
        ("Necessity and proportionality", NECESSITY),
        ("Risks to the people concerned, and what is done", _table(RISK_HEAD, RISKS)),
        ("Rights of the people concerned", RIGHTS),
        (
            "Consultation",
            "[Works council: date, result. People concerned: how asked.]\n",
        ),
        ("Decision", "[Residual risk, responsible person, date, next review.]\n"),
    )
    text = _section("Data protection impact assessment (draft)", DRAFT)
    return text + "".join(
        _section(f"{number}. {title}", body, level=2)
        for number, (title, body) in enumerate(parts, start=1)
    )


def _describe(told: Statement) -> str:
    review = "on" if told.reviewed else "off"
    return (
        f"{told.organisation} counts the use of AI models by people and services: "
        "[scope, number of people, tools]. The data are in [data-map.md](data-map.md), "
        "purposes in [purposes.md](purposes.md) (performance review: "
        f"{review}), recipients in [roles.md](roles.md), deletion in "
        "[retention.md](retention.md). Mileage runs on machines of the organisation; "
        "processors: [none, or which].\n\nLegal basis: [works agreement, GDPR article "
        "6(1)(f) with the balancing test below, or what applies].\n"
    )


DRAFT = (
    "A draft filled from the configuration. What stands in square brackets is for you "
    "to write. It is no legal advice.\n"
)
NECESSITY = (
    "Cost and capacity of AI tools cannot be planned without counting calls. Content "
    "is not needed for that and is never stored. Persons are needed where limits, "
    "support and one's own page are about them; everything else is shown of groups. "
    "[Why milder means, such as bills by department alone, do not suffice.]\n"
)
RIGHTS = (
    "Access and a copy: the page /me/data. Who read one's data, by name: /me/readers. "
    "Correction, objection and erasure: forms on /me/data, answered within 30 days; an "
    "objection takes the person off the boards at once. No automated decision.\n"
)
RISK_HEAD = ("risk", "what is done", "what is left")
RISKS = (
    (
        "a manager judges people by counts",
        (
            "default deny; own subtree of the org chart only; purpose stated and "
            "recorded, performance review off unless published"
        ),
        "[talk outside the system]",
    ),
    (
        "somebody is told from a small group's sums",
        "thresholds of contributors, suppression of complements, frozen figures",
        "[whoever knows the others' figures]",
    ),
    (
        "a list leaks",
        "marked figures, watermark, access log, limits of people read, dark switch",
        "[figures cut to two digits cannot be traced]",
    ),
    (
        "content is recorded",
        "allow-list in memory before anything is written; tested with planted markers",
        "names in ids that clients make up",
    ),
    (
        "the operator reads figures",
        "every read recorded and seen by the person; signed checkpoints outside",
        "[whoever owns the disk reads the disk]",
    ),
    (
        "people burn tokens to climb, or fear low counts",
        "value before volume, ranges, findings that never punish by themselves",
        "[culture]",
    ),
)


def _section(title: str, body: str, level: int = 1) -> str:
    return f"{'#' * level} {title}\n\n{body}\n"


def _list(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n"
        for line in lines
    )
