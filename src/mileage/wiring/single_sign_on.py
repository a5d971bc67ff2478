"""Single sign-on: what the provider says of somebody becomes a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.sign_in import Federated
from mileage.store.control.federation import Vouched
from mileage.wiring.identity_provider import IdentityProvider
from mileage.wiring.provider_fetch import client_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mileage.domain.sign_in_policy import SignInPolicy
    from mileage.store.control import Control


class SingleSignOn:
    """One provider and the control plane."""

    def __init__(
        self, provider: IdentityProvider, control: Control, policy: SignInPolicy
    ) -> None:
        self._provider = provider
        self._control = control
        self._policy = policy

    @property
    def button(self) -> str:
        """Return what the button on the sign-in page says."""
        return self._provider.button

    def address(self, secret: str, come_back: str) -> str:
        """Return where to send a browser."""
        return self._provider.address(secret, come_back)

    def open(
        self, secret: str, come_back: str, query: Mapping[str, str], device: str
    ) -> str:
        """Return a session's secret for who came back; raises Unauthorised."""
        claimed = self._provider.claimed(secret, come_back, query)
        federated = Federated(
            claimed.subject,
            claimed.provider_session,
            self._policy.known_groups(claimed.groups),
        )
        provider = self._policy.provider
        return self._control.open_vouched(
            Vouched(claimed.issuer, claimed.email, claimed.name, federated),
            device,
            new_accounts=provider is not None and provider.new_accounts,
        )

    def end(self, logout_token: str) -> int:
        """End the sessions that a logout token names; raises Unauthorised."""
        left = self._provider.logged_out(logout_token)
        return self._control.end_vouched(
            left.issuer, left.subject, left.provider_session, left.at
        )


def single_sign_on(
    policy: SignInPolicy, control: Control, data: Path
) -> SingleSignOn | None:
    """Return single sign-on as the policy says, None when it names no provider."""
    if policy.provider is None:
        return None
    secret = client_secret(policy.provider, data)
    return SingleSignOn(IdentityProvider(policy.provider, secret), control, policy)
