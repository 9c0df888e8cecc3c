"""A button that is pressed twice, because the answer is slow: what it asks for is done once, and said twice.

Each form has a name of its own, made when its page was. What the same form asks again, word for word, goes to the
service under the Idempotency-Key of the first time, and gets the first answer. No browser keeps a page (`no-store`), so
whoever comes back to a form and presses again has another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from shared.envelope import new_id

ONCE = "once"
"""The field that holds a form's own name."""


def key_of_press(form: Mapping[str, Any] | None, cookie: str, *asked: Any) -> str:
    """The Idempotency-Key of what the *form* of the visitor with this *cookie* asks; a new one where it has no name."""
    name = str(form.get(ONCE, "")) if form else ""
    if not name:
        return new_id()
    return hashlib.sha256(orjson.dumps([name, cookie, *asked])).hexdigest()
