"""A database that does not answer: how that is known, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import PerhapsSaved, Unavailable


class DatabaseAway(Unavailable):
    """The database does not answer; nothing was changed. Try again in a minute."""


def is_away(error: BaseException) -> bool:
    """Whether *error* means that the database cannot be reached now (and is not the statement's fault)."""
    if isinstance(error, (PoolTimeout, DatabaseAway, PerhapsSaved, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (InterfaceError, OperationalError)) and "syntax" not in str(error.orig)


@contextmanager
def said_as(problem: type[DatabaseAway | PerhapsSaved]) -> Iterator[None]:
    """Whatever says that the database is away, each layer in its own words, is raised as *problem*."""
    try:
        yield
    except (DatabaseAway, PerhapsSaved):
        raise
    except Exception as error:
        if is_away(error):
            raise problem from error
        raise
