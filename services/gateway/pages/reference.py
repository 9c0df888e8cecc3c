"""For those who write programs: what the API does, tried from the page, and what the messages carry."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from services.gateway import asyncapi
from services.gateway.openapi import Routes
from services.gateway.reference import (
    NoSuchMessage,
    by_noun,
    curl,
    fields,
    kind,
    operation_of,
    plain,
    pretty,
)
from services.gateway.visit import Visit, page

STATUSES = {
    "200": "Done", "201": "Made", "202": "Taken", "204": "Done, nothing to say", "400": "Could not be read",
    "401": "Sign in first", "403": "Not allowed", "404": "Not found", "409": "Not possible now", "410": "Gone",
    "412": "Changed by somebody else", "413": "Too large", "422": "Not acceptable", "429": "Too many",
    "503": "A part is away",
}  # fmt: skip


async def _document(visit: Visit) -> dict[str, Any]:
    known: Routes = visit.request.app.state.routes
    return await known.whole(visit.edge.settings)


async def index(visit: Visit) -> Response:
    """Every operation, by noun; `q` narrows the list."""
    wanted = visit.query.get("q", "").strip().lower()
    found = {
        noun: kept
        for noun, group in by_noun(await _document(visit)).items()
        if (kept := [each for each in group if wanted in f"{each.method} {each.path} {each.summary}".lower()])
    }
    total = sum(len(group) for group in found.values())
    return visit.page("reference/api.html", "The API", found=found, total=total, q=visit.query.get("q", "").strip())


async def operation(visit: Visit) -> Response:
    """One operation: whom it is for, what it takes and answers, and a form to try it."""
    document = await _document(visit)
    found = operation_of(document, visit.path["operation"])
    schemas = document["components"]["schemas"]
    body = found.body
    return visit.page(
        "reference/operation.html", found.summary, op=found, says=plain(found.said["description"]),
        command=curl(found, f"{visit.edge.settings.public_url}/api"),
        taken=list(fields(body[1]["schema"], schemas)) if body else [],
        example=pretty(body[1]["example"]) if body and "example" in body[1] else "",
        parameters=[{**each, "kind": kind(each["schema"], schemas)} for each in found.said.get("parameters", [])],
        answers=[_answer(code, said, document) for code, said in found.said["responses"].items()],
        previews=any(each["name"] == "preview" for each in found.said.get("parameters", [])),
    )  # fmt: skip


def _answer(code: str, said: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """One answer, as the page shows it."""
    if "$ref" in said:
        said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
    contents: dict[str, dict[str, Any]] = said.get("content", {})
    media = next(iter(contents), "")
    content = contents.get(media, {})
    shown = [] if code >= "400" else list(fields(content.get("schema", {}), document["components"]["schemas"]))
    return {
        "code": code, "name": STATUSES.get(code, ""), "says": said["description"], "kind": media, "fields": shown,
        "example": pretty(content["example"]) if "example" in content else "", "headers": said.get("headers", {}),
    }  # fmt: skip


async def messages(visit: Visit) -> Response:
    """Every topic with its messages: who publishes them and who takes them."""
    document = await _messages(visit)
    topics = [
        {"name": name, **channel, "types": [_type(document, each) for each in channel["messages"]]}
        for name, channel in document["channels"].items()
    ]
    return visit.page("reference/messages.html", "Messages", topics=topics)


async def message(visit: Visit) -> Response:
    """One type of message: its fields, headers and an example."""
    document = await _messages(visit)
    name = visit.path["message"]
    found = document["components"]["messages"].get(name)
    if found is None:
        raise NoSuchMessage
    topic = next(each for each in document["channels"].values() if name in each["messages"])
    return visit.page(
        "reference/message.html", found["summary"].rstrip("."), m=found, topic=topic,
        fields=list(fields(found["payload"], {})), headers=list(fields(found["headers"], {})),
        example=pretty(found["examples"][0]["payload"]),
    )  # fmt: skip


async def _messages(visit: Visit) -> dict[str, Any]:
    await _document(visit)
    known: Routes = visit.request.app.state.routes
    return asyncapi.document(visit.edge.settings, known.takes())


def _type(document: dict[str, Any], name: str) -> dict[str, str]:
    found = document["components"]["messages"][name]
    return {"id": name, "name": found["name"], "summary": found["summary"]}


ROUTES: list[BaseRoute] = [
    page("/api/docs", index),
    page("/api/docs/{operation}", operation),
    page("/api/messages", messages),
    page("/api/messages/{message}", message),
]
