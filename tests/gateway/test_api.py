"""The API's edge: routed by the services' own documents, bytes through, problems in sentences."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Header, Request, Response
from structlog.testing import capture_logs

from services.gateway import guard
from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream, clients_for
from services.gateway.openapi import merged
from services.gateway.within import WithinProcess
from services.membership.queries import NoSuchNetwork
from shared.auth import verify
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from shared.errors import NotFound
from shared.problems import answer
from shared.store.memory import LocalStore
from tests.gateway.conftest import left_while_sending

SETTINGS = Settings(secret="s" * 32, base_url="http://gateway")
PERSON = {"person_id": "anna", "name": "Anna", "is_staff": True, "bodies": [], "scopes": ["read", "write"]}
TOKEN = {"authorization": "Bearer a-token"}


def _registry() -> FastAPI:
    app = FastAPI()

    @app.get("/networks/{network_id}")
    async def network(network_id: str, request: Request, if_none_match: Annotated[str, Header()] = "") -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        who = verify(token, SETTINGS.public_key).person_id if token else "nobody"
        content = f'{{"id":"{network_id}","who":"{who}","q":"{request.url.query}"}}'
        return Response(content, headers={"etag": '"7"', "content-type": "application/json", "x-inner": "hidden"})

    @app.post("/networks", status_code=201)
    async def create(request: Request) -> Response:
        return Response(await request.body(), 201, {"location": "/networks/n9", "content-type": "application/json"})

    @app.get("/internal/secrets")
    async def secrets() -> dict[str, str]:
        return {"secret": "x"}

    return app


def _membership() -> FastAPI:
    app = FastAPI()

    @app.get("/networks/{network_id}/roles")
    async def roles(network_id: str) -> dict[str, str]:
        return {"roles_of": network_id}

    @app.post("/networks/{network_id}/join")
    async def join(network_id: str) -> Response:
        app.state.asked = getattr(app.state, "asked", 0) + 1
        if network_id == "heard" and app.state.asked > 2:
            return Response(status_code=204)
        return answer(NoSuchNetwork() if network_id in ("heard", "never") else NotFound())

    @app.post("/internal/tokens/resolve")
    async def resolve(body: dict[str, Any], response: Response) -> dict[str, Any]:
        response.status_code = 200 if body["token"] == "a-token" else 401
        return PERSON

    @app.get("/internal/principals/{person_id}")
    async def standing(person_id: str) -> dict[str, Any]:
        return {**PERSON, "person_id": person_id}

    return app


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Gateway]:
    """A gateway before two small services; a third is away."""
    clients = clients_for(SETTINGS, {"registry": _registry(), "membership": _membership()})
    clients["events"] = Upstream(httpx.AsyncHTTPTransport(), "http://127.0.0.1:9")
    app = gateway(SETTINGS, broadcast=LocalBroadcast(), store=LocalStore(), clients=clients)
    await app.routes.load()
    yield app
    await app.edge.clients.close()


@pytest_asyncio.fixture
async def client(edge: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made


async def test_a_request_goes_to_the_service_whose_document_has_it(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/networks/n1?as_of=x")).json() == {"id": "n1", "who": "nobody", "q": "as_of=x"}
    assert (await client.get("/api/networks/n1/roles")).json() == {"roles_of": "n1"}


async def test_the_service_gets_a_token_of_who_asks_and_its_etag_comes_back(client: httpx.AsyncClient) -> None:
    answered = await client.get("/api/networks/n1", headers=TOKEN)
    assert (answered.json()["who"], answered.headers["etag"]) == ("anna", '"7"')
    assert "x-inner" not in answered.headers


async def test_an_unknown_token_is_refused_with_a_sentence(client: httpx.AsyncClient) -> None:
    answered = await client.get("/api/networks/n1", headers={"authorization": "Bearer other"})
    assert answered.status_code == 401
    assert "make a new one" in answered.json()["detail"]


async def test_what_may_be_of_a_service_that_is_away_is_not_said_to_be_nowhere(client: httpx.AsyncClient) -> None:
    answered = await client.get("/api/nothing/here")
    assert (answered.status_code, answered.json()["service"]) == (503, "events")


@pytest.mark.parametrize(("network", "status", "tries"), [("heard", 204, 3), ("never", 404, 5), ("other", 404, 1)])
async def test_a_change_of_a_network_not_heard_of_yet_is_asked_again_for_a_second_at_most(
    edge: Gateway, client: httpx.AsyncClient, network: str, status: int, tries: int
) -> None:
    answered = await client.post(f"/api/networks/{network}/join", headers=TOKEN)
    assert answered.status_code == status
    membership = edge.edge.clients.by_name["membership"]
    assert isinstance(membership, WithinProcess) and membership.app.state.asked == tries  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["internal/secrets", "trace/m1", "health/ready", "metrics"])
async def test_what_is_internal_is_not_there(path: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/api/{path}")).status_code == 404


async def test_an_address_of_a_service_is_given_as_it_is_from_outside(client: httpx.AsyncClient) -> None:
    made = await client.post("/api/networks", headers=TOKEN, content=b"{}")
    assert (made.status_code, made.headers["location"]) == (201, "/api/networks/n9")


async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LARGEST_FILE", 10 - guard.ENVELOPE)
    answered = await client.post("/api/networks", headers=TOKEN, content=b"x" * 11)
    assert (answered.status_code, answered.json()["title"]) == (413, "Too large")


async def test_a_change_with_a_cookie_needs_the_form_token(edge: Gateway, client: httpx.AsyncClient) -> None:
    session = await edge.edge.sessions.begin("anna", "Anna")
    cookie = {"cookie": f"tidings={session.id}"}
    assert (await client.post("/api/networks", headers=cookie, content=b"{}")).status_code == 403
    token = {**cookie, "x-csrf-token": edge.edge.sessions.form_token(session.id)}
    await edge.edge.store.set("principal:anna", b'{"person_id":"anna"}', 60)
    assert (await client.post("/api/networks", headers=token, content=b"{}")).status_code == 201


async def test_a_service_that_is_away_is_named(client: httpx.AsyncClient, edge: Gateway) -> None:
    edge.routes._patterns.append((0, re.compile("/events"), "events"))
    answered = await client.get("/api/events")
    assert (answered.status_code, answered.json()["service"]) == (503, "events")
    assert answered.json()["detail"] == "The list of events does not answer; try again in a minute."


async def test_who_leaves_while_asking_is_no_accident(edge: Gateway) -> None:
    """A client that gave up waiting closes its connection; the rest of what it sends never comes."""

    with capture_logs() as logged:
        status = await left_while_sending(edge, "/api/networks", ("authorization", "Bearer a-token"))
    assert status == 499
    assert not [line for line in logged if line["log_level"] == "error"]


async def test_readiness_says_which_service_is_away(client: httpx.AsyncClient) -> None:
    answered = await client.get("/health/ready")
    assert answered.status_code == 503
    assert "events" in answered.json()["away"]


def test_schemas_of_one_name_that_differ_are_kept_apart() -> None:
    def document(kind: str) -> dict[str, Any]:
        reference = {"$ref": "#/components/schemas/Thing"}
        path = {"get": {"responses": {"200": {"content": {"application/json": {"schema": reference}}}}}}
        return {"paths": {f"/{kind}": path}, "components": {"schemas": {"Thing": {"type": kind}}}}

    both = merged(SETTINGS, {"one": document("string"), "two": document("integer")})
    assert both["components"]["schemas"]["two_Thing"] == {"type": "integer"}
    answered = both["paths"]["/integer"]["get"]["responses"]
    assert answered["200"]["content"]["application/json"]["schema"]["$ref"].endswith("two_Thing")
    assert answered["403"] == {"$ref": "#/components/responses/Forbidden"}


async def test_an_address_that_only_an_encoding_may_carry_passes_as_it_was_sent(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/networks/%1F%C3%A9%0A")).status_code in (200, 404)
    assert (await client.get("/api/networks/n1?q=%C2%A0%26")).json()["q"] == "q=%C2%A0%26"


async def test_no_route_at_all_and_a_wrong_method_are_problem_documents(client: httpx.AsyncClient) -> None:
    for answered in (await client.get("/nowhere/%0Aat-all"), await client.options("/api/networks")):
        assert answered.headers["content-type"] == "application/problem+json"
    assert "GET" in answered.headers["allow"]


async def test_the_api_s_document_is_compressed_and_put_together_once(client: httpx.AsyncClient, edge: Gateway) -> None:
    answered = await client.get("/api/openapi.json", headers={"accept-encoding": "gzip"})
    assert answered.headers["content-encoding"] == "gzip" and "/networks" in answered.json()["paths"]
    assert await edge.routes.whole(SETTINGS) is await edge.routes.whole(SETTINGS)
