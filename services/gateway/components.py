"""Templates, and the design system's components in them, kept as they were rendered: each is a function of what it is
given alone.

A form of ten fields takes some 3 ms to render by the system's own macros, for each of them looks at fifty parameters
that are mostly not given; and it is the same ten fields for everybody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, cast

import orjson
from jinja2 import Environment, Template, Undefined
from jinja2.environment import TemplateModule
from jinja2.runtime import Macro
from markupsafe import Markup

FOLDER = "nhsuk/components/"
MOST_CHARACTERS = 4_000_000
"""Of all that is kept and what it is known by; what was not asked for the longest goes first."""
_AS_THEY_ARE = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class Kept:
    """What components rendered, by their names and parameters."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        """Keep up to *most* characters."""
        self._most, self._now = most, 0
        self._made: OrderedDict[tuple[str, bytes], str] = OrderedDict()

    def component(self, name: str, macro: Callable[..., str]) -> Callable[..., str]:
        """*macro*, which renders only what it has not rendered yet. What has a body (`call`) is rendered every time."""

        def rendered(*parameters: Any, **named: Any) -> str:
            known = None if named else known_by(parameters)
            if known is None:
                return macro(*parameters, **named)
            made = self._made.get((name, known))
            if made is None:
                made = macro(*parameters)
                self._keep((name, known), made)
            else:
                self._made.move_to_end((name, known))
            return made

        return rendered

    def _keep(self, key: tuple[str, bytes], made: str) -> None:
        self._made[key] = made
        self._now += len(key[1]) + len(made)
        while self._now > self._most:
            (_, old), gone = self._made.popitem(last=False)
            self._now -= len(old) + len(gone)


def known_by(parameters: Any) -> bytes | None:
    """Bytes that only equal parameters have, text and markup told apart; None of what has no such bytes."""
    try:
        return orjson.dumps(parameters, default=_told_apart, option=_AS_THEY_ARE)
    except TypeError:
        return None


def _told_apart(value: Any) -> Any:
    if isinstance(value, Markup):
        return {"\0markup": str(value)}
    if isinstance(value, Undefined):
        return {"\0undefined": None}
    raise TypeError


class Page(Template):
    """A template; one of the design system's gives its macros as components that are kept."""

    def make_module(
        self, vars: dict[str, Any] | None = None, shared: bool = False, locals: Mapping[str, Any] | None = None
    ) -> TemplateModule:
        """As every template's."""
        module = super().make_module(vars, shared, locals)
        if self.name and self.name.startswith(FOLDER):
            kept = cast("Templates", self.environment).kept
            macros = {name: thing for name, thing in module.__dict__.items() if isinstance(thing, Macro)}
            for name, macro in macros.items():
                setattr(module, name, kept.component(f"{self.name}:{name}", macro))
        return module


OF_DICTIONARIES = frozenset(dir(dict))


class Templates(Environment):
    """Templates over JSON: `a.b` looks for the key first, which on a page of 25 networks happens 1,700 times."""

    template_class = Page

    def __init__(self, **options: Any) -> None:
        """As every environment."""
        super().__init__(**options)
        self.kept = Kept()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of a dictionary, its method, or nothing; of everything else as ever."""
        if type(obj) is dict:
            if attribute in obj:
                return obj[attribute]
            return getattr(obj, attribute) if attribute in OF_DICTIONARIES else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own where a template adds none: every import goes through a map over it key by key."""
        return super().make_globals(d) if d else self.globals
