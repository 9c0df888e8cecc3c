"""A secret is told to those alone who need it: as each declares, and as its code reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import FILE, programs
from services.cli.composition import load
from services.gateway.app import SECRETS as OF_GATEWAY
from shared.config import OF_SERVICES, SECRETS, SERVICES, Settings

pytestmark = pytest.mark.fast
VARIABLES = {"TIDINGS_SECRET": "s" * 40, "TIDINGS_POSTGRES_PASSWORD": "secret"}
READ = re.compile(r"settings\.(\w+)")
FOLDER = FILE.parent / "deploy" / "kubernetes"
KEPT_IN = {
    "tidings": {"secret"}, "tidings-database": {"postgres"}, "tidings-mail": {"smtp"},
    "tidings-returned-mail": {"returned_mail", "push_key"}, "tidings-sign-in": {"oidc_secret"},
}  # fmt: skip
"""Kubernetes' secrets, as kustomization.yaml says to make them."""


def declared(name: str) -> frozenset[str]:
    """The secrets of a program of the composed system."""
    if name == "gateway":
        return OF_GATEWAY
    if name == "demo":
        return OF_SERVICES.union({"demo_password"}, *(load(service).secrets for service in SERVICES))
    return OF_SERVICES | load(name).secrets


def read_in(folder: Path) -> set[str]:
    """The settings that the code below *folder* reads."""
    return {name for file in folder.rglob("*.py") for name in READ.findall(file.read_text())}


def test_every_secret_is_a_setting_and_every_setting_that_sounds_like_one_is_a_secret() -> None:
    assert set(Settings.model_fields) >= SECRETS
    sounds = {name for name in Settings.model_fields if re.search(r"secret|password|_key$", name)}
    assert sounds - {"dkim_key"} <= SECRETS  # that is the name of a file


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
    by_kernel = read_in(FILE.parent / "shared") | {"secret"}  # `signing_key` is made of it
    assert declared(name) <= read_in(FILE.parent / "services" / name) | by_kernel


def test_who_may_mail_shares_the_local_mailbox() -> None:
    folders = {program.name: program.data for program in programs(VARIABLES)}
    mailing = {name for name in folders if "smtp" in declared(name)}
    assert {folders[name] for name in mailing} == {"mailbox"} and "mailbox" not in {
        folder for name, folder in folders.items() if name not in mailing
    }
