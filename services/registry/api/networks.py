"""Networks: the directory, and each record."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import commands, queries
from services.registry.access import network_editors
from services.registry.schemas.leads import Understood
from services.registry.schemas.networks import (
    FacetCount,
    FoundNetwork,
    NamedNetwork,
    Network,
    NetworkFields,
    NetworkNames,
    Networks,
    NewNetwork,
)
from services.registry.tables import Network as NetworkRow
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import IfMatch, Router, etag
from shared.fields import AsOf, Page

router = Router(tags=["networks"])

Limit = Annotated[int, Query(ge=1, le=200)]


async def asked_for(
    q: Annotated[str, Query(max_length=200)] = "", type: str = "", care_group: str = "", level: str = "",
    purpose: str = "", side: str = "", stage: str = "", health: str = "", sha: str = "",
    ids: Annotated[str, Query(max_length=8000)] = "", archived: bool = False,
) -> queries.Asked:  # fmt: skip
    """What is looked for: words, a value of each facet, certain networks."""
    wanted = {"type": type, "care_group": care_group, "level": level, "purpose": purpose, "side": side}
    wanted |= {"stage": stage, "health": health, "sha": sha}
    chosen = {facet: value for facet, value in wanted.items() if value}
    return queries.Asked(q, chosen, ids.split(",") if ids else (), archived)


Looked = Annotated[queries.Asked, Depends(asked_for)]


@router.get("/networks")
async def list_networks(
    session: Session, asked: Looked, limit: Limit = 25, cursor: str | None = None, facets: bool = False,
    as_of: AsOf | None = None, _by: Principal = may(anyone, "networks:read"),
) -> Networks:  # fmt: skip
    """Find networks by words and facets: names before the rest where words are given, else in the order of names; with
    `as_of` as the register stood then."""
    if as_of is not None:
        past = queries.register_at(session, as_of, q=asked.q, chosen=asked.chosen, archived=asked.archived)
        return await _past(session, past, as_of, limit=limit, cursor=cursor, facets=facets)
    asked, question = await _understood(session, asked)
    page = await queries.found(session, asked, limit=limit, cursor=cursor, by_facet=facets)
    return Networks(
        items=await _found(session, page), next=page.next, total=page.total, facets=page.facets if facets else None,
        at_least=page.at_least, corrected=page.what.corrected,
        question=Understood(**asdict(question)) if question else None,
    )  # fmt: skip


@router.get("/network-names")
async def list_network_names(
    session: Session, asked: Looked, limit: Limit = 25, cursor: str | None = None,
    _by: Principal = may(anyone, "networks:read"),
) -> NetworkNames:  # fmt: skip
    """Find networks as /networks does, with no more of each than it takes to choose one."""
    asked, _ = await _understood(session, asked)
    page = await queries.found(
        session, asked, limit=limit, cursor=cursor, by_facet=False, columns=queries.columns_called(NamedNetwork)
    )
    items = [
        NamedNetwork.model_validate({**network._mapping, "marks": queries.spans(network.name, page.what.terms)})
        for network in page.networks
    ]
    return NetworkNames(items=items, next=page.next, total=page.total, at_least=page.at_least)


async def _understood(session: AsyncSession, asked: queries.Asked) -> tuple[queries.Asked, queries.Question | None]:
    """What is asked, where the words ask who leads something: the rest of the words, in the area that they name."""
    question = await queries.question_in(session, asked.q)
    if question is None:
        return asked, None
    area = {"sha": question.sha} if question.sha else {}
    return replace(asked, q=question.words, chosen=area | {**asked.chosen}), question


async def _found(session: AsyncSession, page: queries.Found) -> list[FoundNetwork]:
    """The networks of a page with who leads them, and where what was typed stands in them."""
    ids = [network.id for network in page.networks]
    leads = await queries.leads_of(session, ids)
    ended = await queries.led_since(session, [identity for identity in ids if identity not in leads])
    columns = page.networks[0]._fields if page.networks else ()
    return [
        FoundNetwork.model_validate({
            **dict(zip(columns, network, strict=True)),
            "leads": leads.get(network.id, []),
            "nobody_since": ended.get(network.id),
            "marks": queries.marks_of(network, page.what.terms) if page.what.terms else None,
        })
        for network in page.networks
    ]  # fmt: skip


async def _past(
    session: AsyncSession, past: queries.Past, moment: datetime, *, limit: int, cursor: str | None, facets: bool
) -> Networks:
    found, following = await queries.past_page(session, past, limit=limit, cursor=cursor)
    total, counts = await queries.past_counts(session, past)
    leads = await queries.leads_of(session, [network.state["id"] for network in found], on=moment.date())
    items = [_found_as_of(network, leads.get(network.state["id"], []), moment) for network in found]
    return Networks(items=items, next=following, total=total, facets=counts if facets else None, as_of=moment)


@router.post("/networks", status_code=201)
async def create_network(
    body: NewNetwork, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> Network:
    """Put a network on the register."""
    fields = {name: value for name, value in body.model_dump(exclude={"reason", "minor"}).items() if value is not None}
    network = await commands.create_network(session, fields=fields, by=by, reason=body.reason, minor=body.minor)
    response.headers["location"] = f"/api/networks/{network.id}"
    etag(response, network.revision)
    return shown(network, [])


@router.get("/networks/{network_id}")
async def get_network(
    network_id: str, session: Session, response: Response, as_of: AsOf | None = None,
    _by: Principal = may(anyone, "networks:read"),
) -> Network:  # fmt: skip
    """One network, by its id or by the last part of its address, also a former one; with `as_of` as it stood then."""
    network = await queries.network_at(session, network_id)
    if as_of is None:
        return await shown_now(session, network, response)
    stood = await queries.network_as_of(session, network, as_of)
    leads = await queries.leads_of(session, [network.id], on=as_of.date())
    etag(response, stood.state["revision"])
    return shown_as_of(stood, leads.get(network.id, []), as_of)


@router.patch("/networks/{network_id}")
async def change_network(
    network_id: str, body: NetworkFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> Network:  # fmt: skip
    """Change some fields of a network."""
    network = await commands.change_network(
        session,
        network_id=network_id,
        fields=_given(body),
        by=by,
        expected=expected,
        reason=body.reason,
        minor=body.minor,
    )
    return await shown_now(session, network, response)


@router.get("/care-groups")
async def list_care_groups(session: Session, _by: Principal = may(anyone, "networks:read")) -> Page[FacetCount]:
    """The care groups in use, with how many networks each has."""
    groups = queries.counted(await queries.all_alike(session), {})["care_group"]
    return Page(items=groups, total=len(groups))


def shown(network: NetworkRow, leads: list[Any]) -> Network:
    """A network's row as the API shows it."""
    return Network.model_validate(network).model_copy(update={"leads": leads})


async def shown_now(session: AsyncSession, network: NetworkRow, response: Response) -> Network:
    """A network as it is now, with its ETag and those who lead it."""
    leads = await queries.leads_of(session, [network.id])
    etag(response, network.revision)
    return shown(network, leads.get(network.id, []))


def shown_as_of(stood: queries.Stood, leads: list[Any], moment: datetime) -> Network:
    """A network as it stood, as the API shows it."""
    times = {"created_at": stood.created_at, "updated_at": stood.since, "as_of": moment}
    return Network.model_validate({**stood.state, **times, "health": stood.health, "leads": leads})


def _found_as_of(stood: queries.Stood, leads: list[Any], moment: datetime) -> FoundNetwork:
    return FoundNetwork.model_validate(shown_as_of(stood, leads, moment).model_dump())


def _given(body: NetworkFields) -> dict[str, Any]:
    """The fields that were sent. None empties a field that may be empty and is refused elsewhere by the schema."""
    optional = {"population", "started_on"}
    return {name: value for name, value in body.fields().items() if value is not None or name in optional}
