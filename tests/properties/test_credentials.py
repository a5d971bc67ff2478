"""Credentials and sessions against a model, through two open control planes.

One stands for ``serve``, the other for a command beside it: whatever one of them
does must hold for the other at once.
"""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from mileage.domain.directory import AS_SET, Rate, TokenTerms
from mileage.domain.errors import Conflict, Unauthorised
from mileage.domain.people import OPERATOR, Credential, Viewer
from mileage.domain.sign_in import MINUTE, SessionLimits
from mileage.store.control import open_control
from mileage.store.control.sign_in import LINK_LIFE
from tests.drawing import examples

IDLE_LIMIT, SESSION_LIFE, _ = SessionLimits()
which = st.integers(0, 1)
lives = st.sampled_from([1, MINUTE, LINK_LIFE, IDLE_LIMIT, None])
overlaps = st.sampled_from([0, 1, MINUTE, LINK_LIFE])
steps = st.sampled_from(
    [1, MINUTE - 1, MINUTE, LINK_LIFE, IDLE_LIMIT - MINUTE, IDLE_LIMIT, SESSION_LIFE]
)


@dataclass
class Token:
    credential: Credential
    secret: str
    expires_at: int | None
    revoked: bool = False
    former: dict[str, int] = field(default_factory=dict)
    """When each secret that a rotation has replaced ends."""
    rate: Rate = AS_SET

    def over(self, now):
        return self.expires_at is not None and self.expires_at <= now


@dataclass
class Key:
    key_id: str
    secret: str
    viewer: Viewer
    revoked: bool = False


@dataclass
class Link:
    secret: str
    viewer: Viewer
    expires_at: int
    used: bool = False


@dataclass
class Session:
    secret: str
    viewer: Viewer
    key: Key | None
    seen: int
    expires_at: int
    closed: bool = False

    def alive(self, now):
        if self.closed or (self.key and self.key.revoked):
            return False
        return now < self.expires_at and now < self.seen + IDLE_LIMIT


class Credentials(RuleBasedStateMachine):
    """Make, use, revoke and outlive credentials in any order."""

    tokens = Bundle("tokens")
    keys = Bundle("keys")
    links = Bundle("links")
    sessions = Bundle("sessions")

    @initialize()
    def open(self):
        self.now = 1_000_000_000_000_000
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "control.sqlite"
        self.controls = [open_control(path, clock=lambda: self.now) for _ in range(2)]
        self.account = self.controls[0].ensure_account("ana@x.example")
        self.names = map(str, itertools.count())
        self.made = []

    def teardown(self):
        for control in self.controls:
            control.dispose()
        self.folder.cleanup()

    @rule(target=tokens, control=which, life=lives, personal=st.booleans())
    def make_token(self, control, life, personal):
        expires_at = None if life is None else self.now + life
        account_id = self.account if personal else ""
        collector = "" if personal else next(self.names)
        made = self.controls[control].create_token(
            account_id=account_id, collector=collector, terms=TokenTerms(expires_at)
        )
        credential = Credential(made.credential_id, account_id, collector)
        self.made.append(Token(credential, made.secret, expires_at))
        return self.made[-1]

    @rule(token=tokens, control=which)
    def use_token(self, token, control):
        ended = token.revoked or token.over(self.now)
        for secret, end in ((token.secret, None), *token.former.items()):
            if ended or (end is not None and end <= self.now):
                with pytest.raises(Unauthorised):
                    self.controls[control].admitted(secret)
            else:
                found = self.controls[control].admitted(secret)
                assert found == (token.credential, token.rate)

    @rule(token=tokens, control=which, overlap=overlaps)
    def rotate_token(self, token, control, overlap):
        token_id = token.credential.token_id
        if token.revoked or token.over(self.now):
            with pytest.raises(Conflict):
                self.controls[control].rotate_token(token_id, overlap)
            return
        made = self.controls[control].rotate_token(token_id, overlap)
        assert made.credential_id == token_id
        end = self.now + overlap
        token.former = {
            secret: min(until, end) for secret, until in token.former.items()
        }
        token.former[token.secret] = end
        token.secret = made.secret

    @rule(token=tokens, control=which, life=lives, requests=st.integers(0, 3))
    def change_token(self, token, control, life, requests):
        token_id = token.credential.token_id
        terms = TokenTerms(None if life is None else self.now + life, Rate(requests))
        if token.revoked:
            with pytest.raises(Conflict):
                self.controls[control].change_token(token_id, terms)
            return
        self.controls[control].change_token(token_id, terms)
        token.expires_at, token.rate = terms.expires_at, terms.rate

    @rule(token=tokens, control=which)
    def revoke_token(self, token, control):
        token_id = token.credential.token_id
        assert self.controls[control].revoke_token(token_id) is not token.revoked
        token.revoked = True

    @rule(target=keys, control=which, operator=st.booleans())
    def make_key(self, control, operator):
        scope = "operator" if operator else "read"
        made = self.controls[control].create_key(self.account, scope)
        viewer = Viewer(self.account, "ana@x.example", operator=operator)
        return Key(made.credential_id, made.secret, viewer)

    @rule(key=keys, control=which)
    def use_key(self, key, control):
        found = self.controls[control].key_viewer(key.secret)
        assert found == (None if key.revoked else key.viewer)

    @rule(key=keys, control=which)
    def revoke_key(self, key, control):
        assert self.controls[control].revoke_key(key.key_id) is not key.revoked
        key.revoked = True

    @rule(target=links, control=which, personal=st.booleans())
    def make_link(self, control, personal):
        viewer = Viewer(self.account, "ana@x.example") if personal else OPERATOR
        secret = self.controls[control].create_link(viewer)
        return Link(secret, viewer, self.now + LINK_LIFE)

    @rule(target=sessions, link=links, control=which)
    def open_link(self, link, control):
        if link.used or link.expires_at <= self.now:
            with pytest.raises(Unauthorised):
                self.controls[control].open_link(link.secret)
            return self._session("mlg_s_" + "a" * 43, link.viewer, None, closed=True)
        link.used = True
        secret = self.controls[control].open_link(link.secret)
        return self._session(secret, link.viewer, None)

    @rule(target=sessions, key=keys, control=which)
    def open_key(self, key, control):
        if key.revoked:
            with pytest.raises(Unauthorised):
                self.controls[control].open_key(key.secret)
            return self._session("mlg_s_" + "a" * 43, key.viewer, key, closed=True)
        secret = self.controls[control].open_key(key.secret)
        return self._session(secret, key.viewer, key)

    def _session(self, secret, viewer, key, *, closed=False):
        expires_at = self.now + SESSION_LIFE
        return Session(secret, viewer, key, self.now, expires_at, closed)

    @rule(session=sessions, control=which)
    def use_session(self, session, control):
        found = self.controls[control].session_viewer(session.secret)
        if not session.alive(self.now):
            assert found is None
            return
        assert found == session.viewer
        if self.now - session.seen >= MINUTE:
            session.seen = self.now

    @rule(session=sessions, control=which)
    def close_session(self, session, control):
        self.controls[control].close(session.secret)
        session.closed = True

    @rule(step=steps)
    def wait(self, step):
        self.now += step

    @invariant()
    def every_token_is_listed_as_it_is(self):
        listed = {one.token_id: one for one in self.controls[1].tokens()}
        assert len(listed) == len(self.made)
        for token in self.made:
            row = listed[token.credential.token_id]
            assert row.expires_at == token.expires_at
            assert (row.revoked_at is not None) is token.revoked
            assert row.rate == token.rate
            going = [end for end in token.former.values() if end > self.now]
            assert row.former_until == max(going, default=None)

    @invariant()
    def every_change_has_a_row_and_no_row_has_a_secret(self):
        rows = self.controls[0].audit_rows(limit=10_000)
        times = [row.at for row in rows]
        assert times == sorted(times, reverse=True)
        made = sum(row.action == "token created" for row in rows)
        assert made == len(self.made)
        ended = {row.subject for row in rows if row.action == "token revoked"}
        assert ended == {one.credential.token_id for one in self.made if one.revoked}
        said = " ".join(f"{row.subject} {row.detail}" for row in rows)
        assert not any(
            secret[6:] in said
            for one in self.made
            for secret in (one.secret, *one.former)
        )


TestCredentials = Credentials.TestCase
TestCredentials.settings = settings(
    max_examples=examples(12), stateful_step_count=25, deadline=None
)
