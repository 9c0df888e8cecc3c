"""Somebody new, so that a test changes nobody whom others rely on; and whom a cookie signs in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.flows.system import PASSWORD, System


def newcomer(system: System, **standing: Any) -> tuple[str, str]:
    """(account, id) of somebody new with the demonstration's password; the address is `<account>@tidings.example`."""
    account = f"newcomer.{uuid4().hex[:8]}"
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    with httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=20) as staff:
        made = staff.post("/people", json={"name": "Nell Newcomer", "email": f"{account}@tidings.example", **standing})
        assert made.status_code == 201, made.text
        person_id = str(made.json()["id"])
        given = staff.post(f"/people/{person_id}/password", json={"password": PASSWORD})
        assert given.status_code == 204, given.text
    return account, person_id


def opens_nothing(system: System, cookie: str) -> bool:
    """Whether a cookie signs in nobody: on a page, at the API and on a stream."""
    headers = {"cookie": f"tidings={cookie}"}
    page = httpx.get(f"{system.url}/account", headers=headers).status_code
    api = httpx.get(f"{system.url}/api/me", headers=headers).status_code
    with httpx.stream("GET", f"{system.url}/live/alerts", headers=headers) as stream:
        answers = (page, api, stream.status_code)
    assert answers in ((303, 401, 401), (200, 200, 200)), answers
    return answers == (303, 401, 401)
