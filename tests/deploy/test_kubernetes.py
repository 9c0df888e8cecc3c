"""deploy/kubernetes: each service is there, and is told where the others are."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from deploy.compose import FILE
from shared.config import HIDDEN, SERVICES

FOLDER = FILE.parent / "deploy" / "kubernetes"

pytestmark = pytest.mark.fast


def things(kind: str) -> dict[str, Any]:
    found = yaml.safe_load_all((FOLDER / "services.yaml").read_text())
    return {thing["metadata"]["name"]: thing for thing in found if thing["kind"] == kind}


def test_each_service_is_deployed_and_reached_by_its_name() -> None:
    assert sorted(things("Deployment")) == sorted(things("Service")) == sorted((*SERVICES, "gateway"))


@pytest.mark.parametrize("name", [*SERVICES, "gateway"])
def test_a_deployment_runs_what_compose_runs(name: str) -> None:
    container = things("Deployment")[name]["spec"]["template"]["spec"]["containers"][0]
    assert " ".join(container["args"]) == yaml.safe_load(FILE.read_text())["services"][name]["command"]


def test_the_settings_name_the_same_services_as_compose() -> None:
    lines = (FOLDER / "settings.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    environment = yaml.safe_load(FILE.read_text())["services"]["registry"]["environment"]
    assert settings["TIDINGS_SERVICES"] == environment["TIDINGS_SERVICES"]
    assert "TIDINGS_TRUSTED_PROXIES" in settings and not {*settings} & {*HIDDEN, "TIDINGS_POSTGRES"}


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_puts_the_parts_together() -> None:
    command = ["kubectl", "kustomize", str(FOLDER)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    deployments = [thing for thing in yaml.safe_load_all(said) if thing["kind"] == "Deployment"]
    assert len(deployments) == len(SERVICES) + 1
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["startupProbe"]["httpGet"]["path"] == "/health/ready"
