"""The audit of what we depend on is green only where somebody was asked about everything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.architecture.test_generated import script

pytestmark = pytest.mark.fast
SOUND: dict[str, Any] = {"name": "jinja2", "version": "3.1.6", "vulns": []}
HOLED = {**SOUND, "version": "3.1.2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.3"]}]}
SKIPPED = {"name": "orjson", "skip_reason": "could not be asked"}


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        ([SOUND], 0, "no hole is known"), ([SOUND, HOLED], 1, "PYSEC-1, mended in 3.1.3"),
        ([SOUND, SKIPPED], 2, "orjson"), ([], 2, "nothing"),
    ],
)  # fmt: skip
def test_a_package_that_nobody_was_asked_about_is_not_called_sound(
    packages: list[dict[str, Any]], code: int, says: str
) -> None:
    found, said = script("audit").verdict(json.dumps({"dependencies": packages}))
    assert found == code and says in " ".join(said)


@pytest.mark.parametrize("report", ["", "Traceback", "[]", "{}"])
def test_no_answer_is_not_green(report: str) -> None:
    assert script("audit").verdict(report)[0] == 2
