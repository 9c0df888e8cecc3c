"""docker-compose.yml: valid, whole, and read here as Compose reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.compose import FILE, NotSet, filled_in, programs, rewritten, served
from shared.config import SERVICES, Settings
from shared.keys import keys_of

VARIABLES = {**keys_of("s" * 40), "TIDINGS_POSTGRES_PASSWORD": "secret"}


@pytest.mark.fast
def test_each_service_and_the_gateway_stand_in_the_file() -> None:
    assert sorted(served()) == sorted((*SERVICES, "gateway"))


@pytest.mark.fast
@pytest.mark.parametrize("name", [*SERVICES, "gateway"])
def test_each_service_runs_what_its_name_says(name: str) -> None:
    program = next(program for program in programs(VARIABLES) if program.name == name)
    assert program.command == ["tidings", "serve", name]


@pytest.mark.fast
def test_the_environment_is_made_of_settings_that_exist_and_are_valid() -> None:
    environment = programs(VARIABLES)[0].environment
    names = {name.removeprefix("TIDINGS_").lower() for name in environment}
    assert names <= set(Settings.model_fields)
    settings = Settings.model_validate({name.removeprefix("TIDINGS_").lower(): v for name, v in environment.items()})
    assert settings.services == {name: f"http://{name}:8080" for name in SERVICES}
    assert not settings.demo


@pytest.mark.fast
@pytest.mark.parametrize("name", keys_of("s" * 40))
def test_nothing_starts_without_its_keys(name: str) -> None:
    with pytest.raises(NotSet, match=f"{name} is not set"):
        programs({**VARIABLES, name: ""})


@pytest.mark.fast
def test_every_service_but_the_one_shot_is_awaited_by_the_gateway() -> None:
    services = yaml.safe_load(FILE.read_text())["services"]
    assert set(services["gateway"]["depends_on"]) == {*SERVICES, "redis"}
    assert all("healthcheck" in said for said in services.values())


@pytest.mark.fast
@pytest.mark.parametrize("name", ["kafka", "postgres", "redis"])
def test_no_backend_is_reached_from_another_machine(name: str) -> None:
    services = yaml.safe_load(FILE.read_text())["services"]
    assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "a"),
        ("$A-$$A", "a-$A"),
        ("${B:-b c}", "b c"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${B}", ""),
        ("${A:?must be set}", "a"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, expected: str) -> None:
    assert filled_in(text, {"A": "a", "EMPTY": ""}) == expected


@pytest.mark.fast
def test_only_whole_addresses_are_rewritten() -> None:
    addresses = {"http://events:8080": "http://127.0.0.1:5", "kafka:9092": "127.0.0.1:6"}
    text = "events=http://events:8080,x=http://events:80801,kafka:9092,my-kafka:9092"
    assert rewritten(text, addresses) == "events=http://127.0.0.1:5,x=http://events:80801,127.0.0.1:6,my-kafka:9092"


def test_compose_itself_finds_the_file_valid_and_reads_the_same_in_it(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        assert os.environ.get("TIDINGS_REQUIRE_BACKENDS") != "1", "docker-compose must be installed here"
        pytest.skip("docker-compose is not installed")
    command = [program, "--project-directory", str(FILE.parent), "-f", str(FILE), "--profile", "demo", "config"]
    environment = {**os.environ, **VARIABLES}
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    services = yaml.safe_load(said)["services"]
    for read in programs(environment):
        theirs = services[read.name]
        assert {name: str(value) for name, value in theirs["environment"].items()} == read.environment
        command_there = theirs["command"]
        assert (command_there.split() if isinstance(command_there, str) else command_there) == read.command
