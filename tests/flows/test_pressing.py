"""A button that is pressed again before its page has answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.flows.system import System
from tests.flows.test_second_factor import hidden_in, visitor, with_password

PRESSES = 3


@pytest.fixture
def network(system: System) -> dict[str, Any]:
    """A new one."""
    new = {"name": f"Pressing {uuid4().hex[:8]} Network", "type": "disease", "care_group": "stroke", "bodies": ["Q31"]}
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    made = httpx.post(f"{system.url}/api/networks", json=new, headers=headers, timeout=20)
    assert made.status_code == 201, made.text
    return dict(made.json())


def _pressed(client: httpx.Client, path: str, **fields: str) -> list[httpx.Response]:
    """What the form at *path* is answered that is sent several times at once, with all that is hidden in it."""
    [form] = [form for form in client.get(path).text.split("<form ")[1:] if f'name="{next(iter(fields))}"' in form]
    filled = {**hidden_in(form.partition("</form>")[0]), **fields}
    with ThreadPoolExecutor(PRESSES) as fingers:
        presses = [fingers.submit(client.post, path, data=filled) for _ in range(PRESSES)]
        return [press.result() for press in presses]


def _history(client: httpx.Client, network: dict[str, Any]) -> list[Any]:
    found: list[Any] = client.get(f"/api/networks/{network['id']}/history").json()["items"]
    return found


def test_a_change_that_was_pressed_several_times_is_made_once_and_nobody_is_told_of_another_editor(
    system: System, network: dict[str, Any]
) -> None:
    with visitor(system) as client:
        with_password(client, "staff")
        path = f"/networks/{network['slug']}/rename"
        name = f"{network['name']} of the North"
        answers = _pressed(client, path, name=name, keep_name="yes", reason="It grew.")
        assert {(answer.status_code, answer.url.query) for answer in answers} == {(200, b"done=renamed")}
        assert len(_history(client, network)) == 2


def test_a_gathering_that_was_scheduled_several_times_is_one_and_from_a_new_form_another(
    system: System, network: dict[str, Any]
) -> None:
    gathering = {
        "title": "Learning lunch", "kind": "course", "networks": network["id"], "place": "Town hall",
        "starts_at": "2030-05-01T12:00", "ends_at": "2030-05-01T13:00", "access": "members", "capacity": "20",
    }  # fmt: skip
    with visitor(system) as client:
        with_password(client, "staff")
        for times in (1, 2):
            answers = _pressed(client, "/events/new", **gathering)
            assert {answer.status_code for answer in answers} == {200}, answers[0].text
            planned = client.get("/api/events", params={"network": network["id"]}).json()["items"]
            assert len(planned) == times, planned
            assert len({answer.url.path for answer in answers}) == 1
