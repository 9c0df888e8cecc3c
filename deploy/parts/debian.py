"""Programs from PATH, else from Debian's packages where this is Debian and we are root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploy.parts import CannotBeHad


def need(program: str, package: str, *, where: tuple[Path, ...] = ()) -> str:
    """The path of *program*, from PATH or one of the folders *where*; *package* is installed if it is missing.

    Raises CannotBeHad with the command to type where we may not install.
    """
    found = _find(program, where)
    if found is None:
        install(package)
        found = _find(program, where)
    if found is None:
        raise CannotBeHad(f"{package} was installed, but brought no {program}.")
    return found


def install(package: str) -> None:
    """`apt-get install` of *package*. Raises CannotBeHad where that is not possible."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotBeHad(f"Install {package} (on Debian: sudo apt-get install {package}).")
    print(f"Installing {package} …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A package that starts a daemon on installation would leave something running that nobody asked for.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for command in (["apt-get", "update", "-qq"], _install_command(package)):
            done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise CannotBeHad(f"apt-get install {package} failed: {done.stderr.strip()[-400:]}")
    finally:
        if ours:
            policy.unlink(missing_ok=True)


def _install_command(package: str) -> list[str]:
    return ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", package]


def _find(program: str, where: tuple[Path, ...]) -> str | None:
    for folder in where:
        if os.access(folder / program, os.X_OK):
            return str(folder / program)
    return shutil.which(program)
