"""Alerts and the dashboard ask for metrics that the services publish, by labels that these have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from shared import telemetry

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
LABELS = {"le", "instance", "job"}

pytestmark = pytest.mark.fast


def published() -> dict[str, tuple[str, ...]]:
    """The labels of each series by its name; a histogram has three series."""
    found = {}
    for collector in vars(telemetry).values():
        if isinstance(collector, MetricWrapperBase):
            for metric in collector.describe():
                ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(metric.type, ("",))
                found.update({metric.name + end: collector._labelnames for end in ends})
    return found


def asked() -> list[str]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "grafana" / "tidings.json").read_text())["panels"]
    return [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.mark.parametrize("query", asked())
def test_a_query_asks_for_what_is_published(query: str) -> None:
    names = set(re.findall(r"\btidings_\w+(?!\w*:)", query))
    assert names <= set(published())
    known = {label for name in names for label in published()[name]} | LABELS
    grouped = {label for found in re.findall(r"\bby \(([^)]*)\)", query) for label in found.split(", ")}
    selected = set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", query))
    assert grouped | selected <= known
