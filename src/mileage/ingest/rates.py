"""How much each token may bring: buckets that fill by a clock that only goes forward.

A token that was quiet has a burst saved up. What comes while anything is left passes,
however large, and what it took too much is waited for: so a batch larger than the burst
is late and never stuck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from mileage.domain.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.directory import Rate

MOST_TOKENS = 100_000
"""Of so many the spending is remembered; whoever was quiet longest starts anew."""
ONE = 1 - 1e-6
"""What is left counts in fractions, which do not add up to the last digit."""
LONGEST_WAIT = 3600
"""Seconds that a client is told to wait at most; it may be told so again."""


@dataclass(slots=True)
class _Bucket:
    """What is left of one limit; below nothing when too much was taken at once."""

    left: float

    def fill(self, seconds: float, rate: int, burst: int) -> None:
        self.left = min(self.left + seconds * rate, rate * burst)

    def wait(self, rate: int) -> int:
        """Return the whole seconds until one more may come, 0 for now."""
        if self.left >= ONE:
            return 0
        return min(math.ceil((1 - self.left) / rate), LONGEST_WAIT)


@dataclass(slots=True)
class _Account:
    """Both limits of one token."""

    rate: tuple[int, int]
    at: float
    requests: _Bucket
    records: _Bucket


class Rates:
    """Counts what tokens bring. Thread-safe, bounded."""

    def __init__(
        self,
        usual: Rate,
        burst: int,
        clock: Callable[[], float],
        most: int = MOST_TOKENS,
    ) -> None:
        """``clock`` gives seconds that never go back; ``burst`` is in seconds."""
        self._usual = usual
        self._burst = burst
        self._clock = clock
        self._most = most
        self._lock = Lock()
        self._accounts: dict[str, _Account] = {}

    def admit(self, token_id: str, own: Rate) -> None:
        """Count a request; raises TooMany while its token has to wait."""
        rate = self._rate(own)
        with self._lock:
            account = self._account(token_id, rate)
            for what, limit, bucket in (
                ("requests", rate[0], account.requests),
                ("records", rate[1], account.records),
            ):
                if limit and (seconds := bucket.wait(limit)):
                    raise TooMany(seconds, _sentence(token_id, what, limit, seconds))
            account.requests.left -= 1

    def bring(self, token_id: str, records: int) -> None:
        """Count the records of a request that was admitted."""
        with self._lock:
            account = self._accounts.get(token_id)
            if account is not None:
                account.records.left -= records

    def _rate(self, own: Rate) -> tuple[int, int]:
        requests, records = (
            (usual or 0) if mine is None else mine
            for mine, usual in zip(own, self._usual, strict=True)
        )
        return requests, records

    def _account(self, token_id: str, rate: tuple[int, int]) -> _Account:
        """Return a token's account, filled up to now, as the latest one in use."""
        now = self._clock()
        account = self._accounts.pop(token_id, None)
        if account is None or account.rate != rate:
            full = [_Bucket(float(limit * self._burst)) for limit in rate]
            account = _Account(rate, now, *full)
        passed, account.at = max(now - account.at, 0.0), now
        account.requests.fill(passed, rate[0], self._burst)
        account.records.fill(passed, rate[1], self._burst)
        while len(self._accounts) >= self._most:
            del self._accounts[next(iter(self._accounts))]
        self._accounts[token_id] = account
        return account


def _sentence(token_id: str, what: str, limit: int, seconds: int) -> str:
    return (
        f"token {token_id} may bring {limit} {what} a second and has brought more: "
        f"send this again in {seconds} s; the operator can raise it with "
        f"'mileage token change {token_id} --rate {what}=N'"
    )
