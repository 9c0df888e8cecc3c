"""What the edge adds to each operation of the API's document: problems, headers, who may, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.examples import ID, Examples
from services.gateway.guard import TooLarge
from shared.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotSignedIn,
    Problem,
    Stale,
    TooMany,
    Unavailable,
    Unprocessable,
)

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
PROBLEM_TYPE = "application/problem+json"
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "An RFC 9457 problem document: what happened, and what to do.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The kind of problem; stays the same."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "description": "Where single fields are not acceptable.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "service": {"type": "string", "description": "Which service is away."},
    },
}


class Gone(Problem):
    """This is no longer kept, or no longer valid."""

    status = 410
    title = "No longer there"


PROBLEMS: Mapping[str, type[Problem]] = {
    str(each.status): each
    for each in (
        BadRequest, NotSignedIn, Forbidden, NotFound, Conflict, Gone, Stale, TooLarge, Unprocessable, TooMany,
        Unavailable,
    )
}  # fmt: skip
ALWAYS = ("400", "401", "403", "422", "429", "503")
RETRY_AFTER = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
ETAG = {
    "schema": {"type": "string"},
    "description": "The revision; send it as If-Match with a change.",
    "example": '"7"',
}
REPLAY = {"schema": {"const": "true"}, "description": "This is the first answer to the same Idempotency-Key again."}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "Made up by you for this one change: sent again with it, the change is not made again.",
    "example": "7c1a-lead-of-stroke",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,9}")$'},
    "description": "The ETag that you read: if somebody else changed it since, the answer is 412.",
    "example": "*",
}
PREVIEW = {
    "name": "preview",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "true: change nothing; the answer is then a Foreseen: whom the change would reach, and why.",
}
FORESEEN = {"$ref": "#/components/schemas/Foreseen"}


def shared_answers(examples: Examples) -> dict[str, Any]:
    """The answers that operations refer to: every kind of problem, and a preview."""
    foreseen = {"schema": FORESEEN, "example": examples.of(FORESEEN)}
    preview = {"description": "With `preview=true`: whom it would reach.", "content": {"application/json": foreseen}}
    return {"Foreseen": preview} | {kind.__name__: _problem_answer(kind) for kind in PROBLEMS.values()}


def _problem_answer(kind: type[Problem]) -> dict[str, Any]:
    problem = kind()
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem.document()}
    found: dict[str, Any] = {"description": problem.detail, "content": {PROBLEM_TYPE: content}}
    if kind in (TooMany, Unavailable):
        found["headers"] = {"Retry-After": RETRY_AFTER}
    return found


def described(
    operation: Mapping[str, Any], method: str, path: str, item: Mapping[str, Any], examples: Examples
) -> dict[str, Any]:
    """An *operation* of a service as it is at the edge; *item* is all that its path takes."""
    changes = method != "get"
    parameters = [_parameter(each, examples, changes) for each in operation.get("parameters", [])]
    if changes and not is_ours(operation):
        parameters += [IDEMPOTENCY_KEY, PREVIEW]
    found = {**operation, "parameters": parameters, "responses": _answers(operation, method, path, item, examples)}
    found.setdefault("description", operation.get("summary", ""))
    if body := operation.get("requestBody"):
        found["requestBody"] = {**body, "content": _with_examples(body["content"], examples)}
    if allowed := operation.get("x-allowed-for"):
        found["description"] = f"{operation.get('description', '')}\n\nFor: {allowed}.".strip()
        bearer = {"bearer": [operation["x-scope"]]}
        found["security"] = [bearer, {}] if allowed == "anyone" else [bearer]
    return found


def _parameter(parameter: Mapping[str, Any], examples: Examples, changes: bool) -> Mapping[str, Any]:
    if parameter["in"] == "header" and parameter["name"].lower() == "if-match":
        return IF_MATCH
    if parameter["in"] == "path":
        # Reading takes the last part of a network's address too; a change takes its id alone.
        of_id = changes and parameter["name"] == "network_id"
        return {**parameter, "example": ID if of_id else examples.of(parameter["schema"], parameter["name"])}
    return parameter


def _answers(
    operation: Mapping[str, Any], method: str, path: str, item: Mapping[str, Any], examples: Examples
) -> dict[str, Any]:
    """What succeeds as the service says it, and the problems of every operation of this form."""
    theirs = operation.get("responses", {})
    found = {code: _success(answer, examples) for code, answer in theirs.items() if code < "400"}
    codes = {*ALWAYS, *(code for code in theirs if code in PROBLEMS)}
    if "{" in path:
        codes.add("404")
    if method != "get":
        codes |= {"404", "409", "413"} | ({"412"} if is_conditional(operation) else set())
        found = found if is_ours(operation) else _previewed(found)
    elif is_conditional(item.get("patch", {})):
        found["200"] = {**found["200"], "headers": {"ETag": {**ETAG, "required": True}}}
    return found | {code: refusal(PROBLEMS[code]) for code in sorted(codes)}


def is_ours(operation: Mapping[str, Any]) -> bool:
    """Whether the gateway answers by itself, where nothing is kept under an Idempotency-Key or taken back."""
    return "gateway" in operation.get("tags", ())


def is_conditional(operation: Mapping[str, Any]) -> bool:
    """Whether an operation takes If-Match."""
    return any(each["name"].lower() == "if-match" for each in operation.get("parameters", []))


def refusal(kind: type[Problem]) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{kind.__name__}"}


def _success(answer: Mapping[str, Any], examples: Examples) -> dict[str, Any]:
    if "content" not in answer:
        return dict(answer)
    return {**answer, "content": _with_examples(answer["content"], examples)}


def _with_examples(content: Mapping[str, Any], examples: Examples) -> dict[str, Any]:
    """Each kind of content with an example, where it is JSON and has none."""
    return {
        kind: each if "json" not in kind or "example" in each or "schema" not in each
        else {**each, "example": examples.of(each["schema"]) if each["schema"] else None}
        for kind, each in content.items()
    }  # fmt: skip


def _previewed(found: dict[str, Any]) -> dict[str, Any]:
    """The answers of a change, of which any may be the preview of it, or the first answer again."""
    headers = {"Idempotent-Replay": REPLAY}
    made = {code: {**answer, "headers": {**headers, **answer.get("headers", {})}} for code, answer in found.items()}
    content = made.get("200", {}).get("content", {})
    if kept := content.get("application/json"):
        content["application/json"] = {**kept, "schema": {"anyOf": [kept["schema"], FORESEEN]}}
    return {"200": {"$ref": "#/components/responses/Foreseen"}, **made}
