"""The host of a network as people write it: by the organisation's name or its ODS code."""

from __future__ import annotations

import re
from typing import Any

from services.gateway.clients import Refused
from services.gateway.visit import Visit

NAMED = re.compile(r".*\(([A-Za-z0-9]{1,10})\)")
"""As the form shows it: the name with the code in brackets."""
OFFERED = 15
LONGEST = 200


class UnclearHost(Refused):
    """No organisation, or not one alone, is called what was written; `offered` are those that may be meant."""

    def __init__(self, written: str, offered: list[dict[str, Any]]) -> None:
        """Say it beside the field."""
        said = (
            f"choose which of these you mean by “{written}”" if offered
            else f"no organisation is called “{written}”; try fewer words of its name, or its ODS code"
        )  # fmt: skip
        super().__init__(422, {"errors": [{"field": "host", "message": said}]})
        self.offered = offered


async def host_code(visit: Visit, written: str, present: str = "") -> str:
    """The ODS code of the organisation that is meant; *present* is the code that stays as it is. Raises UnclearHost."""
    if written in ("", present):
        return written
    if shown := NAMED.fullmatch(written):
        known = await visit.ask_or({}, "membership", f"/organisations/{shown[1]}")
        if known.get("code"):
            return str(known["code"])
    if len(written) > LONGEST:
        raise UnclearHost(f"{written[:40]}…", [])
    found = (await visit.ask("membership", "/organisations", q=written, limit=OFFERED))["items"]
    exact = [one for one in found if written.casefold() in (one["name"].casefold(), (one["code"] or "").casefold())]
    fitting = exact or found
    if len(fitting) == 1 and fitting[0]["code"]:
        return str(fitting[0]["code"])
    raise UnclearHost(written, [one for one in fitting if one["code"]])
