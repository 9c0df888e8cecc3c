"""Errors that a person sees, as RFC 9457 problem documents.

    Problem
    ├── BadRequest 400        the request itself is malformed
    ├── NotSignedIn 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── Conflict 409          the state does not allow it
    ├── Stale 412             somebody else changed it first
    ├── Unprocessable 422     understood, but not acceptable
    ├── TooMany 429
    └── Unavailable 503       a part that is needed is away
        └── PerhapsSaved      and went away in the middle of a change

A service declares its own named subclasses beside the command that raises them: the docstring is the default
sentence, and it says what to do.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class Problem(Exception):
    """Something went wrong; try again."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        """*detail* is the sentence shown; *extra* members are added to the problem document."""
        self.detail = detail or inspect.cleandoc(type(self).__doc__ or "").split("\n\n", 1)[0]
        self.extra = extra
        super().__init__(self.detail)

    def document(self) -> dict[str, Any]:
        """The RFC 9457 members: type, title, status, detail, and the extensions."""
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__).strip("-")
        return {
            "type": f"/problems/{name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class BadRequest(Problem):
    """The request could not be read; check its form."""

    status = 400
    title = "The request could not be read"


class NotSignedIn(Problem):
    """Sign in, or send a token, to do this."""

    status = 401
    title = "Sign in first"


class Forbidden(Problem):
    """You may not do this; ask the network's lead or the staff."""

    status = 403
    title = "You may not do this"


class NotFound(Problem):
    """There is nothing at this address; it may have been archived or never existed."""

    status = 404
    title = "Not found"


class Conflict(Problem):
    """The present state does not allow this."""

    status = 409
    title = "Not possible now"


class Stale(Problem):
    """Somebody else changed this first; load it again and repeat your change."""

    status = 412
    title = "Somebody else changed this first"


class Unprocessable(Problem):
    """Some of what was sent is not acceptable; see `errors`."""

    status = 422
    title = "Check what you entered"


class TooMany(Problem):
    """Too many requests; wait and try again."""

    status = 429
    title = "Too many requests"


class Unavailable(Problem):
    """A part that this needs is away; try again in a minute."""

    status = 503
    title = "Not available at the moment"


class PerhapsSaved(Unavailable):
    """What was asked stopped answering while this was being saved. Look whether it was before you try again.

    A request that is sent again with the same Idempotency-Key is done once, whatever became of the first.
    """

    title = "Perhaps saved"
