"""The commands of docs/api.md do what the page says: each is run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.flows.system import System

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1:]
"""The first sets the two variables, which a test has otherwise."""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][:60])
def test_a_command_of_the_page_answers_what_the_page_says(block: str, system: System) -> None:
    env = {**os.environ, "TIDINGS": system.url, "TIDINGS_TOKEN": system.token("staff")}
    done = subprocess.run(["bash", "-eu", "-c", block], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr or done.stdout
    expected = re.findall(r"^# (.*)$", block, re.MULTILINE)
    assert expected and [words for words in expected if words not in done.stdout] == [], done.stdout
