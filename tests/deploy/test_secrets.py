"""A secret is told to those alone who need it: as each declares, and as its code reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import FILE, programs
from services.cli.composition import load
from services.cli.documents import print_keys
from services.cli.serve import run
from services.gateway.app import SECRETS as OF_GATEWAY
from shared.config import OF_SERVICES, SECRETS, SERVICES, Settings, WrongSetting, load_settings
from shared.keys import keys_of
from shared.service import parts_of, shared_parts

pytestmark = pytest.mark.fast
VARIABLES = {**keys_of("s" * 40), "TIDINGS_POSTGRES_PASSWORD": "secret"}
KEY = "TIDINGS_GATEWAY_KEY"
READ = re.compile(r"settings\.(\w+)")
MADE_OF = {"signing_key": "secret", "services_key": "services_secret"}
"""What the code reads of a secret is called otherwise, because it may be made on the first start."""
FOLDER = FILE.parent / "deploy" / "kubernetes"
KEPT_IN = {
    "tidings": {"secret"}, "tidings-services": {"services_secret"}, "tidings-database": {"postgres"},
    "tidings-mail": {"smtp"}, "tidings-returned-mail": {"returned_mail", "push_key"},
    "tidings-sign-in": {"oidc_secret"},
}  # fmt: skip
"""Kubernetes' secrets, as kustomization.yaml says to make them."""


def declared(name: str) -> frozenset[str]:
    """The secrets of a program of the composed system."""
    if name == "gateway":
        return OF_GATEWAY
    if name == "demo":
        return OF_SERVICES.union({"secret", "demo_password"}, *(load(service).secrets for service in SERVICES))
    return OF_SERVICES | load(name).secrets


def read_in(folder: Path) -> set[str]:
    """The settings that the code below *folder* reads."""
    found = (name for file in folder.rglob("*.py") for name in READ.findall(file.read_text()))
    return {MADE_OF.get(name, name) for name in found}


def test_every_secret_is_a_setting_and_every_setting_that_sounds_like_one_is_a_secret() -> None:
    assert set(Settings.model_fields) >= SECRETS
    sounds = {name for name in Settings.model_fields if re.search(r"secret|password|_key$", name)}
    assert sounds - {"dkim_key", "gateway_key"} <= SECRETS  # the name of a file, and a public key


@pytest.mark.parametrize("name", [*SERVICES, "gateway", "demo"])
def test_compose_tells_a_program_the_secrets_that_it_declares_and_no_other(name: str) -> None:
    program = next(program for program in programs(VARIABLES) if program.name == name)
    told = {setting.removeprefix("TIDINGS_").lower() for setting in program.environment} & SECRETS
    assert told == declared(name)


@pytest.mark.parametrize("name", [*SERVICES, "gateway"])
def test_kubernetes_tells_them_the_same(name: str) -> None:
    found: list[Any] = list(yaml.safe_load_all((FOLDER / "services.yaml").read_text()))
    deployment = next(each for each in found if each["kind"] == "Deployment" and each["metadata"]["name"] == name)
    sources = deployment["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    kept = [KEPT_IN[source["secretRef"]["name"]] for source in sources if "secretRef" in source]
    assert set().union(*kept) == declared(name)
    written = (FOLDER / "kustomization.yaml").read_text()
    assert all(name in written for name in KEPT_IN)


@pytest.mark.parametrize("name", [*SERVICES, "gateway"])
def test_no_service_reads_a_secret_that_it_does_not_declare(name: str) -> None:
    assert read_in(FILE.parent / "services" / name) & SECRETS <= declared(name)


@pytest.mark.parametrize("name", [*SERVICES, "gateway"])
def test_what_a_service_declares_is_read_by_it_or_by_the_kernel_for_it(name: str) -> None:
    by_kernel = read_in(FILE.parent / "shared")
    assert declared(name) <= read_in(FILE.parent / "services" / name) | by_kernel


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_told_what_the_gateway_signs_with(name: str) -> None:
    told = next(program for program in programs(VARIABLES) if program.name == name).environment
    assert VARIABLES["TIDINGS_SECRET"] not in told.values()
    settings = Settings.model_validate({key.removeprefix("TIDINGS_").lower(): value for key, value in told.items()})
    assert settings.public_key == VARIABLES["TIDINGS_GATEWAY_KEY"]
    with pytest.raises(WrongSetting, match="TIDINGS_SECRET is not set"):
        _ = settings.signing_key


def test_a_service_that_needs_the_services_secret_does_not_start_without_it(tmp_path: Path) -> None:
    settings = Settings(gateway_key=VARIABLES["TIDINGS_GATEWAY_KEY"], data=tmp_path, postgres="", kafka="", redis="")
    common = shared_parts(settings)
    with pytest.raises(WrongSetting, match="TIDINGS_SECRET is not set"):
        parts_of(load("membership"), common)
    assert parts_of(load("registry"), common).settings.public_key == VARIABLES["TIDINGS_GATEWAY_KEY"]


def test_a_service_that_could_believe_nobody_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"TIDINGS_GATEWAY_KEY is not set.*tidings keys"):
        run(Settings(data=tmp_path, secret="", gateway_key=""), "registry")


@pytest.mark.parametrize(
    "wrong", [{"gateway_key": "short"}, {"secret": "t" * 40, "gateway_key": keys_of("s" * 40)[KEY]}]
)
def test_a_key_of_another_secret_stops_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=r"TIDINGS_GATEWAY_KEY is .*tidings keys"):
        load_settings(**wrong)


def test_the_keys_that_are_printed_are_those_that_one_secret_alone_makes(capsys: pytest.CaptureFixture[str]) -> None:
    alone = Settings(secret="s" * 40)
    print_keys(alone, as_json=False)
    printed = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert printed == keys_of("s" * 40) and printed[KEY] == alone.public_key
    assert printed["TIDINGS_SERVICES_SECRET"] == alone.services_key


def test_who_may_mail_shares_the_local_mailbox() -> None:
    folders = {program.name: program.data for program in programs(VARIABLES)}
    mailing = {name for name in folders if "smtp" in declared(name)}
    assert {folders[name] for name in mailing} == {"mailbox"} and "mailbox" not in {
        folder for name, folder in folders.items() if name not in mailing
    }
