"""The API's document says all that a stranger needs: who may, what goes wrong, and an example of each thing."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.gateway.operations import PROBLEMS
from shared.errors import Problem
from tests.api.document import document, operations

pytestmark = pytest.mark.fast


def _contents(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(media type, content) of the body and of each answer."""
    answers = [each for each in operation["responses"].values() if "$ref" not in each]
    return [pair for each in [operation.get("requestBody", {}), *answers] for pair in each.get("content", {}).items()]


def test_every_body_and_every_answer_has_an_example_that_its_schema_allows() -> None:
    wrong = []
    for method, path, operation in operations():
        for kind, content in _contents(operation):
            if "json" not in kind:
                continue
            if "example" not in content:
                wrong.append(f"{method} {path} has no example")
                continue
            whole = {**content["schema"], "components": document()["components"]}
            checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
            wrong += [
                f"{method} {path} {e.json_path}: {e.message[:200]}" for e in checker.iter_errors(content["example"])
            ]
    assert wrong == []


def test_every_operation_says_in_a_sentence_what_it_does_and_for_whom() -> None:
    for method, path, operation in operations():
        assert operation["operationId"] and operation["description"], f"{method} {path}"
        if operation["tags"] != ["gateway"]:
            assert "For: " in operation["description"], f"{method} {path}"


def test_every_operation_declares_its_problems_as_problem_documents() -> None:
    for name, answer in document()["components"]["responses"].items():
        if name != "Foreseen":
            assert list(answer["content"]) == ["application/problem+json"], name
    for method, path, operation in operations():
        assert {"400", "401", "403", "422", "429", "503"} <= operation["responses"].keys(), f"{method} {path}"


def _names(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def test_every_change_can_be_repeated_safely_and_previewed() -> None:
    for method, path, operation in operations():
        theirs = method != "get" and operation["tags"] != ["gateway"]
        assert not theirs or {"Idempotency-Key", "preview"} <= _names(operation), f"{method} {path}"


def test_everything_that_is_edited_is_read_with_an_etag_and_edited_with_if_match() -> None:
    for method, path, operation in operations():
        if method == "patch":
            assert "If-Match" in _names(operation), path
            read = document()["paths"][path].get("get")
            assert read is None or read["responses"]["200"]["headers"]["ETag"]["required"], path


def test_every_named_problem_has_a_status_that_the_document_knows() -> None:
    def named(kind: type[Problem]) -> set[type[Problem]]:
        return {kind}.union(*(named(each) for each in kind.__subclasses__()))

    unknown = {each for each in named(Problem) if each.status not in {*map(int, PROBLEMS), 405, 500}}
    assert {each for each in unknown if each.__module__.startswith("services.")} == set()


BOUNDED = {
    "/bodies", "/browsers", "/care-groups", "/networks/{network_id}/fields", "/networks/{network_id}/roles",
    "/networks/{network_id}/standards", "/oversight", "/searches", "/staff-groups", "/standards", "/tokens",
    "/oversight/{body}/colleagues", "/oversight/{body}/feed/{message_id}/comments", "/people/{person_id}/networks",
    "/tellings", "/newsletter/archive/{number}", "/newsletter/issues/{issue_id}",
    "/newsletter/issues/{issue_id}/preview",
}  # fmt: skip
"""Lists that cannot grow long (the bodies, one person's tokens, one line's comments): given whole."""


def test_every_list_that_can_grow_is_paged_by_a_cursor() -> None:
    for method, path, operation in operations():
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        schema = document()["components"]["schemas"].get(name, {})
        if method == "get" and "items" in schema.get("properties", {}) and path not in BOUNDED:
            assert {"cursor", "limit"} <= _names(operation), path
