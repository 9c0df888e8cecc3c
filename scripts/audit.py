"""Ask the public advisories whether anything in uv.lock has a hole that is known.

python scripts/audit.py   exits with 0: none is known; 1: some are, named with the versions that mend them;
                          2: nobody could be asked, so that nothing is known, and nothing is green.

pip-audit asks OSV, and PyPI where OSV does not answer. It is content when a package could not be asked about; not we.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
UV = str(ROOT / ".venv" / "bin" / "uv")
PIP_AUDIT = "pip-audit@2.10.1"
ADVISORIES = ("osv", "pypi")
SECONDS = 300
NONE_KNOWN, SOME_KNOWN, NOT_ASKED = 0, 1, 2


def locked(folder: Path) -> Path:
    """Everything in uv.lock, with its versions and hashes, as pip-audit reads it."""
    path = folder / "requirements.txt"
    command = [UV, "export", "--frozen", "--all-groups", "--no-emit-project", "--quiet", "--output-file", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return path


def asked(service: str, requirements: Path) -> str:
    """What pip-audit reports; nothing where it could not ask."""
    options = ["--requirement", str(requirements), "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    command = [UV, "tool", "run", PIP_AUDIT, "--vulnerability-service", service, "--format", "json", *options]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""


def verdict(report: str) -> tuple[int, list[str]]:
    """(the exit code, a sentence each): of what pip-audit printed."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return NOT_ASKED, ["It did not answer."]
    if skipped := [package["name"] for package in packages if "skip_reason" in package]:
        return NOT_ASKED, [f"It could not say anything of {len(skipped)} of {len(packages)}, {skipped[0]} among them."]
    if not packages:
        return NOT_ASKED, ["It was asked about nothing."]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for package in packages for hole in package["vulns"]
    ]  # fmt: skip
    return (SOME_KNOWN, holes) if holes else (NONE_KNOWN, [f"{len(packages)} packages, no hole is known."])


def main() -> int:
    """Ask one after the other until one answers."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = locked(Path(folder))
        for service in ADVISORIES:
            code, said = verdict(asked(service, requirements))
            print("\n".join(f"{service}: {sentence}" for sentence in said))
            if code != NOT_ASKED:
                return code
    print("NOT CHECKED: no advisory service can be reached from here. Run this where one can, before a release.")
    return NOT_ASKED


if __name__ == "__main__":
    sys.exit(main())
