"""What pages ask about groups, made of one organisation; choices made in a shell."""

from __future__ import annotations

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.people import OPERATOR
from mileage.domain.settings import Settings
from mileage.wiring import organisation as module
from mileage.wiring.groups import (
    adoption_desk,
    group_desk,
    peer_files,
    renew_peers,
    statement_desk,
)
from mileage.wiring.organisation import open_organisation
from mileage.wiring.person import take_part
from tests.ledgers import booking
from tests.witnesses import LOG, NOON, seen

NAMES = ("ada", "ben", "cy", "dee", "eve", "flo")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Six people of one role with a call each."""
    data = tmp_path_factory.mktemp("groups")
    (data / "policy").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "now", lambda: NOON)
        with open_organisation(data) as one:
            one.control.import_people(
                PersonRow(
                    *(f"{name}@x.example", name, "person", "D", "T", "", "engineer"),
                    *(None, None),
                )
                for name in NAMES
            )
            ids = {row.name: row.account_id for row in one.control.accounts()}
            one.ledger.append(
                booking(
                    seen(LOG, account=ids[name], key=name, link="", output=1000 - place)
                    for place, name in enumerate(NAMES)
                )
            )
            made = one.publish()
            yield one, made, ids


def test_a_publication_makes_groups_that_every_desk_reads(published):
    one, made, _ = published
    found = peer_files(one.data, one.policy.settings).latest()
    assert (found.as_of, found.window) == (made.as_of, made.snapshots[0].window)
    assert group_desk(one).files.latest() == found
    assert adoption_desk(one).files.latest() == found
    assert {group.kind for group in found.groups} >= {"role"}


def test_groups_stay_until_they_are_due(published):
    one, made, _ = published
    assert renew_peers(one, made) is False
    assert [path.name for path in (one.data / "peers").iterdir()] == [
        f"{made.as_of:020d}.peers"
    ]
    assert peer_files(one.data, Settings(renew_days=3)).every_days == 3


def test_desks_hold_the_thresholds_of_the_settings(published):
    one, _, _ = published
    settings = one.policy.settings
    assert group_desk(one).least == settings.group_people
    desk = statement_desk(one)
    assert (desk.top, desk.boards) == (settings.top, one.boards)
    # A choice is in force at once where one object keeps it for all of them.
    assert desk.participation is one.answers.participation


def test_a_choice_in_a_shell_is_stated_on_the_page(published):
    one, _, ids = published
    asked = ("eve@x.example", "hidden", True)
    standing = take_part(one.control, one.policy.settings, asked)
    assert (standing.in_force, standing.chosen.stated) == ("hidden", True)
    (row,) = statement_desk(one).statements(OPERATOR).rows
    assert (row.name, row.among) == ("eve", True)
    assert ids["eve"] in one.answers.participation.hidden()


def test_what_is_not_said_in_a_shell_stays_as_it_is(published):
    one, _, ids = published

    def ask(choice, *, stated=None):
        asked = ("ben@x.example", choice, stated)
        found = take_part(one.control, one.policy.settings, asked).chosen
        return found.choice, found.stated

    assert ask("pseudonym") == ("pseudonym", False)
    assert ask(None, stated=True) == ("pseudonym", True)
    assert ask("hidden") == ("hidden", True)
    before = one.control.participation()
    assert ask(None) == ("hidden", True)
    assert one.control.participation() is before
    assert ask("policy", stated=False) == (None, False)
    assert one.control.participation()[ids["ben"]].since > before[ids["ben"]].since


@pytest.mark.parametrize(
    ("mode", "email", "choice", "error", "said"),
    [
        ("open", "nobody@x.example", "hidden", NotFound, "mileage people"),
        ("open", "ada@x.example", "gone", Invalid, "shown, pseudonym, hidden, policy"),
        ("pseudonym", "ada@x.example", "shown", Invalid, "leaves pseudonym, hidden"),
        ("teams-only", "ada@x.example", "pseudonym", Invalid, "leaves hidden"),
    ],
)
def test_what_cannot_be_chosen_for_somebody(
    published, mode, email, choice, error, said
):
    one, _, ids = published
    with pytest.raises(error, match=said):
        take_part(one.control, Settings(participation=mode), (email, choice, None))
    assert ids["ada"] not in one.control.participation()
