"""The exceptions raised on purpose; each says what, where and what to do.

MileageError
├── Refused            the viewer may not            HTTP 403, exit 3
├── Unauthorised       who is asking is not known    HTTP 401, exit 3
├── NotFound           no such thing                 HTTP 404, exit 2
├── Conflict           somebody else holds it        HTTP 409, exit 4
├── Invalid            the input is unusable         HTTP 422, exit 2
│   ├── PolicyError    a policy file is wrong        (file, line, key)
│   └── PurposeMissing say what for, and you may     (purposes by name)
├── TooLarge           above a published limit       HTTP 413, exit 2
├── TooMany            over a rate; wait seconds     HTTP 429, exit 4
└── Unavailable        try again later               HTTP 503, exit 4
    ├── Dark           the dark switch is on
    └── NewerData      written by a newer version
"""

from __future__ import annotations


class MileageError(Exception):
    """Base: the edges (web, command line) catch this and nothing broader."""

    status = 500
    exit_code = 1


class Refused(MileageError):
    """The viewer is known and may not."""

    status, exit_code = 403, 3


class Unauthorised(MileageError):
    """No valid credential came with the request."""

    status, exit_code = 401, 3


class NotFound(MileageError):
    """There is no such thing, or its existence is private."""

    status, exit_code = 404, 2


class Conflict(MileageError):
    """Another process or record holds what was asked for."""

    status, exit_code = 409, 4


class Invalid(MileageError):
    """The input cannot be used as it is."""

    status, exit_code = 422, 2


class PolicyError(Invalid):
    """A policy file is wrong; the message starts with ``file:line: key``."""

    def __init__(self, file: str, line: int, key: str, problem: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {problem}")
        self.file, self.line, self.key, self.problem = file, line, key, problem


class PurposeMissing(Invalid):
    """The viewer may, for one of some purposes, and has stated none of them."""

    def __init__(self, message: str, purposes: dict[str, str]) -> None:
        super().__init__(message)
        self.purposes = purposes
        """Titles by name."""


class TooLarge(MileageError):
    """A body, a line or an inflated body is above its limit."""

    status, exit_code = 413, 2


class TooMany(MileageError):
    """This client asks more often than it may; it may repeat after some seconds."""

    status, exit_code = 429, 4

    def __init__(self, seconds: int, message: str) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unavailable(MileageError):
    """Nothing is wrong with the request; it may be repeated later."""

    status, exit_code = 503, 4


class Dark(Unavailable):
    """The dark switch is on: nothing that names or ranks anybody is shown."""


class NewerData(Unavailable):
    """The data was written by a newer version of Mileage."""
