"""What a process loaded is looked through for garbage once it has settled: not before its first page, and not never."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.fast, pytest.mark.timeout(60)]
PROCESS = """
import asyncio, gc, os, signal, socket, weakref
from contextlib import nullcontext
from shared import process

class Loaded:
    pass

gc.disable()
process.SETTLED_SECONDS = 0.2
garbage = Loaded()
garbage.itself = garbage
left = weakref.ref(garbage)
del garbage

def look():
    print("settled", left() is None, gc.isenabled(), gc.get_freeze_count() > 0)
    os.kill(os.getpid(), signal.SIGTERM)

def ready():
    print("ready", left() is None)
    asyncio.get_running_loop().call_later(0.5, look)

async def main():
    await process.serve(None, socket.create_server(("127.0.0.1", 0)), nullcontext(), ready)

asyncio.run(main())
"""


def test_garbage_of_loading_is_looked_for_after_the_gate_has_opened() -> None:
    done = subprocess.run([sys.executable, "-c", PROCESS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["ready False", "settled True True True"], done.stderr
