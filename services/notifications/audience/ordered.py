"""Asking in an order of our own, where SQLite would guess a worse one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Join, Text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class InOrder(Join):
    """*left*, and for each of its rows all of *right*; the conditions stand elsewhere.

    SQLite then keeps the order, where it would guess that an audience has ten people and begin with a hundred
    thousand. PostgreSQL, which counts, goes its own way.
    """

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause) -> None:
        """Of *left* first."""
        super().__init__(left, right, true())


@compiles(InOrder)
def _crossed(element: InOrder, compiler: Any, asfrom: bool = False, from_linter: Any = None, **options: Any) -> str:
    sides = (compiler.process(side, asfrom=True, **options) for side in (element.left, element.right))
    return " CROSS JOIN ".join(sides)


class looked_at_last(FunctionElement[str]):
    """A text by which SQLite looks nothing up: it has an index for it, and a better one for the rest."""

    inherit_cache = True
    type = Text()


@compiles(looked_at_last)
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(looked_at_last, "sqlite")
def _computed(element: Any, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"
