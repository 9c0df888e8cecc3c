"""Invitations by mail: made by staff and by those who lead a network, accepted behind the mailed link."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.inviting import suppressed_among
from services.gateway.pages.choices import ROLES
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.pages.second_step import after_password
from services.gateway.rendering import day, words
from services.gateway.visit import Visit, page
from shared.mailer.addresses import as_known

LABELS = {"email": "E-mail address", "name": "Name", "role": "Role", "password": "Password"}
ACCEPT = "You are invited"


async def of_staff(visit: Visit) -> Response:
    """Every invitation, and the form that invites to an account."""
    visit.require_staff()
    return await _listed(visit, {})


async def of_network(visit: Visit) -> Response:
    """Those to one network, and the form."""
    visit.require_signed_in()
    return await _listed(visit, await visit.network())


async def _listed(visit: Visit, network: Any, status: int = 200, **more: Any) -> Response:
    path = f"/networks/{network['id']}/invitations" if network else "/invitations"
    cursor = visit.query.get("cursor", "")
    found = await visit.ask("membership", path, cursor=cursor)
    here = f"/networks/{network['slug']}/invitations" if network else "/staff/invitations"
    stopped = await suppressed_among(visit.edge.clients, [one["email"] for one in found["items"]])
    roles = [{"value": role, "text": words(role)} for role in ("member", *ROLES)]
    return visit.page(
        "account/invitations.html", f"Invitations to {network['name']}" if network else "Invitations", status=status,
        network=network, found=found, stopped=stopped, place=here, roles=roles, labels=LABELS, error_of=error_of,
        next=f"{here}?cursor={found['next']}" if found["next"] else "", first=here if cursor else "",
        **({"values": {}, "unreached": ""} | more),
    )  # fmt: skip


async def act_of_staff(visit: Visit) -> Response:
    """Invite, send again or withdraw."""
    form = await visit.form()
    visit.require_staff()
    return await _done(visit, {}, entered(form))


async def act_of_network(visit: Visit) -> Response:
    """Invite, send again or withdraw, for a network."""
    form = await visit.form()
    visit.require_signed_in()
    return await _done(visit, await visit.network(), entered(form))


async def _done(visit: Visit, network: Any, sent: dict[str, Any]) -> Response:
    there = f"/networks/{network['slug']}/invitations" if network else "/staff/invitations"
    if response := await _unreached(visit, network, sent):
        return response
    invitation, do = quote(str(sent.get("id", "")), safe=""), sent.get("do", "")
    try:
        if do == "resend":
            await visit.change("membership", "POST", f"/invitations/{invitation}/resend")
        elif do == "withdraw":
            await visit.change("membership", "DELETE", f"/invitations/{invitation}")
        else:
            fields = ("email", "name", "role") if network else ("email", "name")
            path = f"/networks/{network['id']}/invitations" if network else "/invitations"
            await visit.change("membership", "POST", path, {name: sent.get(name, "") for name in fields})
    except Refused as refused:
        if refused.status not in (409, 422, 429):
            raise
        errors = error_list(refused, LABELS, "email")
        return await _listed(visit, network, refused.status, values=sent, errors=errors)
    return visit.back(f"{there}?done={'invitation-withdrawn' if do == 'withdraw' else 'invited'}")


async def _unreached(visit: Visit, network: Any, sent: dict[str, Any]) -> Response | None:
    """The page that says why mail to an address comes back, before it is written to again all the same."""
    email = as_known(str(sent.get("email", "")))
    if sent.get("do") == "withdraw" or sent.get("anyway") == "yes" or not email:
        return None
    stopped = (await suppressed_among(visit.edge.clients, [email])).get(email)
    if stopped is None:
        return None
    said = {"complaint": "Whoever has this address wants no mail of ours"}
    told = said.get(stopped["kind"], "Mail to this address comes back")
    errors = [{"text": f"{told}, since {day(stopped['since'])}; check how it is written", "href": "#email"}]
    return await _listed(visit, network, 422, values=sent, errors=errors, unreached=email)


# Behind the link


async def invited(visit: Visit) -> Response:
    """What it invites to. Nothing is used up by looking."""
    return await _accept_page(visit)


async def _looked_at(visit: Visit) -> dict[str, Any]:
    key = {"key": visit.path["key"]}
    found = await visit.edge.clients.question("membership", "/invitations/look", key, principal=visit.principal)
    return dict(found)


async def _accept_page(visit: Visit, status: int = 200, **more: Any) -> Response:
    try:
        found = await _looked_at(visit)
    except Refused as refused:
        if refused.status not in (401, 422):
            raise
        return visit.page("account/link_over.html", "This link is over", status=404, again="")
    return visit.page(
        "account/invitation.html", ACCEPT, status=status, found=found, error_of=error_of,
        **({"values": {"name": found["name"]}} | more),
    )  # fmt: skip


async def accept(visit: Visit) -> Response:
    """Accept; who chose a password goes on to be signed in, with a code where that is needed."""
    form = await visit.form()
    password = str(form.get("password", ""))
    key = {"key": visit.path["key"]}
    try:
        found = await _looked_at(visit)
        body = key | {"name": text(form, "name"), "password": password}
        await visit.change("membership", "POST", "/invitations/accept", body)
    except Refused as refused:
        if refused.status == 401:
            return visit.page("account/link_over.html", "This link is over", status=404, again="")
        if refused.status not in (403, 409, 422):
            raise
        errors = error_list(refused, LABELS, "password")
        return await _accept_page(visit, refused.status, values=entered(form), errors=errors)
    there = f"/networks/{found['network_slug']}" if found["network_slug"] else "/account"
    if found["has_account"]:
        return visit.back(f"{there}?done=accepted")
    right = await visit.edge.sessions.checked(found["email"], password, visit.origin)
    return await after_password(visit, right, there)


ROUTES = [
    page("/staff/invitations", of_staff),
    page("/staff/invitations", act_of_staff, "POST"),
    page("/networks/{slug}/invitations", of_network),
    page("/networks/{slug}/invitations", act_of_network, "POST"),
    page("/invitation/{key}", invited),
    page("/invitation/{key}", accept, "POST"),
]
