"""Credentials and sessions against a model, through two open control planes.

One stands for ``serve``, the other for a command beside it: whatever one of them
does must hold for the other at once.
"""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass
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

from mileage.domain.directory import TokenTerms
from mileage.domain.errors import Unauthorised
from mileage.domain.people import OPERATOR, Credential, Viewer
from mileage.store.control import open_control
from mileage.store.control.sign_in import IDLE_LIMIT, LINK_LIFE, MINUTE, SESSION_LIFE

which = st.integers(0, 1)
lives = st.sampled_from([1, MINUTE, LINK_LIFE, IDLE_LIMIT, None])
steps = st.sampled_from(
    [1, MINUTE - 1, MINUTE, LINK_LIFE, IDLE_LIMIT - MINUTE, IDLE_LIMIT, SESSION_LIFE]
)


@dataclass
class Token:
    credential: Credential
    secret: str
    expires_at: int | None
    revoked: bool = False


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
        over = token.expires_at is not None and token.expires_at <= self.now
        if token.revoked or over:
            with pytest.raises(Unauthorised):
                self.controls[control].credential(token.secret)
        else:
            found = self.controls[control].credential(token.secret)
            assert found == token.credential

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


TestCredentials = Credentials.TestCase
TestCredentials.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None
)
