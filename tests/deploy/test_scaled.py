"""The scaled system's runner, with a small program in the place of `tidings`: it says what it was given."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import scaled
from deploy.parts.process import lives
from deploy.scaled import DidNotStart, ScaledSystem
from shared.config import SERVICES
from shared.keys import keys_of

ADDRESSES = {
    "kafka": "127.0.0.1:7001",
    "postgres": "postgresql://somebody:pass@127.0.0.1:7002",
    "redis": "redis://127.0.0.1:7003",
}
STAND_IN = f"""#!{sys.executable}
import json, os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

print("was told", *sys.argv[1:], flush=True)
if sys.argv[-1] == os.environ.get("DIES"):
    sys.exit(7)
if sys.argv[1] == "demo":
    sys.exit(0)
if sys.argv[-1] == os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

class Says(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *words):
        pass

HTTPServer((os.environ["TIDINGS_HOST"], int(os.environ["TIDINGS_PORT"])), Says).serve_forever()
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tidings").write_text(STAND_IN)
    (folder / "tidings").chmod(0o755)
    return folder


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def system(tmp_path: Path, programs: Path, output: io.StringIO) -> Iterator[ScaledSystem]:
    with ScaledSystem(ADDRESSES, data=tmp_path / "data", programs_in=programs, output=output) as running:
        yield running


def environment_of(system: ScaledSystem, name: str) -> Any:
    with urllib.request.urlopen(system.url(name) + "/", timeout=5) as answer:
        return json.load(answer)


def test_each_service_of_the_file_runs_with_its_command(system: ScaledSystem, output: io.StringIO) -> None:
    assert sorted(system.names) == sorted((*SERVICES, "gateway"))
    for name in system.names:
        assert f"{name:<13} | was told serve {name}\n" in output.getvalue()


def test_a_service_is_given_the_real_addresses(system: ScaledSystem, tmp_path: Path) -> None:
    given = environment_of(system, "gateway")
    assert given["TIDINGS_KAFKA"] == ADDRESSES["kafka"]
    assert environment_of(system, "registry")["TIDINGS_POSTGRES"] == ADDRESSES["postgres"]
    assert given["TIDINGS_REDIS"] == ADDRESSES["redis"]
    assert f"events={system.url('events')}," in given["TIDINGS_SERVICES"]
    assert given["TIDINGS_BASE_URL"] == system.url("gateway")
    assert given["TIDINGS_DATA"] == str(tmp_path / "data" / "gateway")


def test_the_gateway_alone_has_the_secret_that_is_kept_and_services_what_is_made_of_it(
    system: ScaledSystem, tmp_path: Path
) -> None:
    kept = (tmp_path / "data" / "secret").read_text()
    given = {name: environment_of(system, name) for name in system.names}
    assert {name for name, told in given.items() if kept in told.values()} == {"gateway"}
    assert {told["TIDINGS_GATEWAY_KEY"] for told in given.values()} == {keys_of(kept)["TIDINGS_GATEWAY_KEY"]}


def test_one_secret_is_all_that_has_to_be_given(tmp_path: Path, programs: Path, output: io.StringIO) -> None:
    chosen = {"TIDINGS_SECRET": "s" * 40}
    with ScaledSystem(ADDRESSES, data=tmp_path, programs_in=programs, output=output, variables=chosen) as system:
        assert environment_of(system, "gateway")["TIDINGS_SECRET"] == "s" * 40
        told = environment_of(system, "membership")
        assert keys_of("s" * 40).items() - told.items() == {("TIDINGS_SECRET", "s" * 40)}


def test_the_demonstration_is_loaded_where_it_is_on(system: ScaledSystem, output: io.StringIO) -> None:
    assert f"{'demo':<13} | was told demo --seed-only\n" in output.getvalue()


def test_the_demonstration_is_not_loaded_where_it_is_off(tmp_path: Path, programs: Path, output: io.StringIO) -> None:
    off = {"TIDINGS_DEMO": "false"}
    with ScaledSystem(ADDRESSES, data=tmp_path, programs_in=programs, output=output, variables=off):
        assert "was told demo" not in output.getvalue()


def test_a_service_that_was_killed_is_named_and_can_be_started_again(system: ScaledSystem) -> None:
    killed = system.pid("events")
    os.kill(killed, signal.SIGKILL)
    while system.dead() is None:
        pass
    assert system.dead() == "events"
    system.start()
    system.wait_until_ready()
    assert system.pid("events") != killed
    assert system.dead() is None


def test_a_service_that_ends_at_its_start_stops_them_all(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, output: io.StringIO
) -> None:
    monkeypatch.setenv("DIES", "oversight")
    system = ScaledSystem(ADDRESSES, data=tmp_path, programs_in=programs, output=output)
    with pytest.raises(DidNotStart, match="oversight ended with 7"):
        system.__enter__()
    assert system.dead() is None
    assert "oversight     | was told serve oversight" in output.getvalue()


def test_a_stop_leaves_no_process_not_even_one_that_does_not_listen(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, output: io.StringIO
) -> None:
    monkeypatch.setenv("DEAF", "registry")
    monkeypatch.setattr(scaled, "STOP_SECONDS", 1)
    with ScaledSystem(ADDRESSES, data=tmp_path, programs_in=programs, output=output) as system:
        pids = [system.pid(name) for name in system.names]
    assert not any(lives(pid) for pid in pids)
    assert "registry      | did not stop within 1 seconds and was killed" in output.getvalue()
