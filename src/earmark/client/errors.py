"""What can go wrong, by the codes of docs/errors.md.

ClientError
├── ConnectionLost      client.connection-lost    nobody knows whether it arrived
├── SignInNeeded        auth.sign-in
├── Forbidden           auth.forbidden
├── TooManyRequests     auth.slow-down
├── NotFound            thing.not-found
├── Conflict            thing.changed
│   └── StaleLease      review.stale-lease        the clip is somebody else's by now
├── BadRequest          request.invalid
│   └── NotHeard        review.not-heard          play more of the clip first
└── ServerError         any other
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class ClientError(Exception):
    """The floor said no."""

    code: str = "client.error"
    statuses: ClassVar[tuple[int, ...]] = ()
    """Answers that mean this where the code is unknown."""

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.message = message
        """One plain sentence."""
        self.status = status
        """HTTP status; None where there was no answer."""


class ConnectionLost(ClientError):
    """No answer came, also after trying again; nobody knows whether it arrived."""

    code = "client.connection-lost"


class SignInNeeded(ClientError):
    code = "auth.sign-in"
    statuses = (401,)


class Forbidden(ClientError):
    code = "auth.forbidden"
    statuses = (403,)


class TooManyRequests(ClientError):
    code = "auth.slow-down"
    statuses = (429,)


class NotFound(ClientError):
    code = "thing.not-found"
    statuses = (404,)


class Conflict(ClientError):
    code = "thing.changed"
    statuses = (409,)


class StaleLease(Conflict):
    """The clip is no longer this reviewer's to answer; go on with the next one."""

    code = "review.stale-lease"
    statuses = ()


class TooLate(Conflict):
    """The answer stays as it is."""

    code = "review.too-late"
    statuses = ()


class BadRequest(ClientError):
    code = "request.invalid"
    statuses = (400, 413, 421, 422)


class NotHeard(BadRequest):
    """Too little of the speech was played for this answer."""

    code = "review.not-heard"
    statuses = ()


class ServerError(ClientError):
    """Something is wrong over there."""

    code = "earmark.error"


def kinds(of: type[ClientError] = ClientError) -> Iterator[type[ClientError]]:
    """Yield every kind of error below one."""
    for each in of.__subclasses__():
        yield each
        yield from kinds(each)


def error_of(status: int, body: object) -> ClientError:
    """Return the error that an answer stands for: by its code, else by its status."""
    said = body.get("error") if isinstance(body, dict) else None
    code = said.get("code") if isinstance(said, dict) else None
    text = said.get("message") if isinstance(said, dict) else None
    message = text if isinstance(text, str) else f"The floor answered {status}."
    by_code = [kind for kind in kinds() if kind.code == code]
    by_status = [kind for kind in kinds() if status in kind.statuses]
    kind = (by_code or by_status or [ServerError])[0]
    return kind(message, code=code if isinstance(code, str) else None, status=status)
