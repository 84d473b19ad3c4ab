"""A typed client of the review floor, for programs: sync and async, the same methods. It needs httpx and nothing else.

    with ReviewClient("http://127.0.0.1:8041", token) as floor:
        found = floor.open()
        for task in found.tasks:
            sound = floor.sound(task)
            floor.submit(task, {"value": "said"})

The token is a reviewer's: `earmark people token NAME --plane floor`. docs/client.md tells the rest.
"""

from earmark.client.asynchronous import AsyncReviewClient
from earmark.client.errors import (
    BadRequest,
    ClientError,
    Conflict,
    ConnectionLost,
    Forbidden,
    NotFound,
    NotHeard,
    ServerError,
    SignInNeeded,
    StaleLease,
    TooLate,
    TooManyRequests,
)
from earmark.client.synchronous import ReviewClient
from earmark.client.things import (
    Consult,
    Kept,
    Mark,
    Next,
    Numbers,
    OpenConsult,
    Opened,
    Option,
    Preferences,
    Rested,
    Spec,
    Submitted,
    Task,
    Taught,
    Why,
)

__all__ = [
    "AsyncReviewClient",
    "BadRequest",
    "ClientError",
    "Conflict",
    "ConnectionLost",
    "Consult",
    "Forbidden",
    "Kept",
    "Mark",
    "Next",
    "NotFound",
    "NotHeard",
    "Numbers",
    "OpenConsult",
    "Opened",
    "Option",
    "Preferences",
    "Rested",
    "ReviewClient",
    "ServerError",
    "SignInNeeded",
    "Spec",
    "StaleLease",
    "Submitted",
    "Task",
    "Taught",
    "TooLate",
    "TooManyRequests",
    "Why",
]
