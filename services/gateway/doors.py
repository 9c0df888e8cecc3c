"""Who may open each page, by the rule's sentence: a page more is a line here, and its row in docs/routes.md.

Invariant: nobody who is not signed in, or not staff where the rule says staff, comes further than here: no form of
theirs is read. What depends on the network, the body or the owner is asked of the services, which ask again anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.gateway.visit import Visit

ANYONE = "anyone"
SIGNED_IN = "anyone signed in"
STAFF = "staff"
ONESELF = "staff; the person concerned"
OFFICERS = "staff; officers of the oversight body"
OVERSEERS = "staff; officers of an oversight body"
WEBHOOK = "staff; the owner of the webhook"
EDITORS = "staff; those who lead, chair, manage or co-ordinate the network"
EITHER_END = "staff; those who lead, chair, manage or co-ordinate one of the two networks"
GATHERING = "staff; those who lead every network that holds the gathering"
APPROVERS = "the leads of the network whose approval a service change needs"

DOORS: dict[str, tuple[str, ...]] = {
    ANYONE: (
        "GET /", "GET /leads", "GET /networks", "GET /networks/{slug}", "GET /networks/{slug}/history",
        "GET /networks/{slug}/compare", "GET /networks/compare", "GET /networks/{slug}/standards", "GET /standards",
        "GET /networks/{slug}/links", "GET /links/{id}", "GET /care-groups", "GET /care-groups/{name:path}",
        "GET /pathway", "GET /events", "GET /events/{id}", "GET /challenges", "GET /challenges/{id}",
        "GET /networks/{slug}/challenges", "GET /service-changes", "GET /service-changes/{id}",
        "GET /networks/{slug}/service-changes", "GET /networks/imports/{id}", "GET /changes/{id}",
        "GET /newsletter", "GET /newsletter/{number}", "GET /newsletter/sign-up", "POST /newsletter/sign-up",
        "GET /newsletter/confirm/{token}", "POST /newsletter/confirm/{token}", "GET /unsubscribe/{token}",
        "POST /unsubscribe/{token}", "GET /preferences/{made}", "POST /preferences/{made}",
        "GET /preferences/{made}/why/{id}", "POST /preferences/{made}/why/{id}",
        "GET /sign-in", "POST /sign-in", "POST /sign-in/code", "POST /sign-in/set-up", "GET /sign-out",
        "POST /sign-out", "GET /first-account/{link}", "POST /first-account/{link}",
        "GET /sign-in/provider", "GET /sign-in/provider/back", "GET /signed-out",
        "GET /sign-in/forgotten", "POST /sign-in/forgotten", "GET /sign-in/new-password/{key}",
        "POST /sign-in/new-password/{key}", "GET /invitation/{key}", "POST /invitation/{key}",
        "GET /confirm-address/{key}", "POST /confirm-address/{key}",
        "GET /sign-in/end/{made}", "POST /sign-in/end/{made}",
        "GET /downloads/{list}", "GET /downloads/{list}.{format}", "GET /downloads/progress/{token}",
        "GET /networks/together/{batch_id}", "GET /networks/together/{batch_id}/progress",
        "GET /networks/together/roles/{batch_id}",
        "GET /search", "GET /api/search", "GET /how-fast", "GET /help/keyboard",
        "GET /organisations/{organisation_id}",
        "GET /colours", "POST /colours",
        "GET /help", "GET /accessibility", "GET /cookies", "GET /privacy", "GET /terms", "GET /contact",
        "GET /push-worker.js", "GET /{path:path}", "POST /{path:path}",
        "GET /health/live", "GET /health/ready", "GET /metrics",
        "GET /api/docs", "GET /api/docs/{operation}", "GET /api/messages", "GET /api/messages/{message}",
        "GET /api/openapi.json", "GET /api/asyncapi.json", "GET /api/changes/{message_id}",
        "GET /fhir/metadata", "GET /fhir/{kind}", "GET /fhir/{kind}/{id}", "GET /fhir{rest:path}",
        "GET /networks/{slug}/feed.atom", "GET /care-groups/{name:path}/feed.atom",
    ),
    SIGNED_IN: (
        "GET /alerts", "POST /alerts/read", "POST /alerts/unread", "POST /alerts/undo", "POST /alerts/mute",
        "GET /alerts/{id}/why", "POST /alerts/{id}/why", "GET /preferences", "POST /preferences",
        "POST /preferences/browsers", "POST /preferences/browsers/remove", "GET /mail", "POST /mail",
        "POST /networks/columns", "GET /searches", "GET /searches/new", "POST /searches", "GET /searches/{search_id}",
        "POST /searches/{search_id}/rename", "POST /searches/{search_id}/delete",
        "GET /subscriptions", "GET /subscriptions/new", "POST /subscriptions/new", "POST /subscriptions/feed-key",
        "GET /account", "GET /account/record", "POST /account/record", "GET /account/password",
        "GET /account/email", "POST /account/email",
        "POST /account/password", "GET /account/who-sees-me", "GET /account/my-data.json", "GET /account/erase",
        "POST /account/erase", "GET /account/sessions", "POST /account/sessions", "GET /account/tokens",
        "POST /account/tokens", "POST /account/tokens/end", "GET /api/me/sessions", "DELETE /api/me/sessions",
        "DELETE /api/me/sessions/{session}",
        "GET /account/second-factor", "POST /account/second-factor", "POST /account/second-factor/confirm",
        "POST /account/second-factor/remove", "POST /networks/{slug}/do/{what}", "POST /events/{id}/book",
        "GET /networks/{slug}/roles", "GET /events/new", "GET /me",
    ),
    ONESELF: ("GET /people/{person_id}",),
    STAFF: (
        "GET /staff/failures", "POST /staff/failures/{service}/{number:int}/{how}", "GET /api/failures",
        "GET /api/needs",
        "POST /api/failures/{service}/{number:int}/{how}", "GET /networks/together", "POST /networks/together",
        "POST /networks/together/tell", "POST /networks/together/link", "POST /networks/together/role",
        "POST /networks/together/{batch_id}/{what}", "POST /networks/together/roles/{batch_id}/undo",
        "GET /staff/invitations", "POST /staff/invitations",
        "GET /staff", "GET /mailbox", "GET /mailbox/{id}", "GET /mailbox/{id}/html",
        "GET /networks/new", "POST /networks/new", "GET /networks/imports", "POST /networks/imports",
        "GET /networks/imports/{id}/progress", "GET /networks/imports/{id}/download/{what}",
        "POST /networks/imports/{id}/{what}", "GET /networks/{slug}/archive", "POST /networks/{slug}/archive",
        "GET /networks/{slug}/restore", "POST /networks/{slug}/restore", "GET /networks/{slug}/merge",
        "POST /networks/{slug}/merge", "GET /networks/{slug}/split", "POST /networks/{slug}/split",
        "GET /staff/standards", "GET /staff/standards/new", "POST /staff/standards/new", "GET /staff/standards/{code}",
        "GET /staff/standards/{code}/edit", "POST /staff/standards/{code}/edit", "GET /staff/standards/{code}/retire",
        "POST /staff/standards/{code}/retire", "GET /staff/overlaps", "POST /staff/overlaps/{id}/{what}",
        "GET /staff/mail", "POST /staff/mail", "GET /staff/newsletter-readers", "GET /staff/newsletter-readers/import",
        "POST /staff/newsletter-readers/import", "GET /staff/newsletter", "POST /staff/newsletter",
        "GET /staff/newsletter/{id}", "GET /staff/newsletter/{id}/items", "GET /staff/newsletter/{id}/preview",
        "GET /staff/newsletter/{id}/preview/html", "POST /staff/newsletter/{id}/test",
        "POST /staff/newsletter/{id}/words", "POST /staff/newsletter/{id}/items",
        "POST /staff/newsletter/{id}/items/{item}", "POST /staff/newsletter/{id}/items/{item}/correct",
        "POST /staff/newsletter/{id}/groups", "POST /staff/newsletter/{id}/schedule",
        "POST /staff/newsletter/{id}/{what}",
    ),
    OFFICERS: (
        "GET /oversight/{body}", "POST /oversight/{body}/seen", "GET /oversight/{body}/feed.atom",
        "GET /oversight/{body}/feed/{message_id}", "POST /oversight/{body}/feed/{message_id}/{what}",
    ),
    OVERSEERS: ("GET /workforce", "GET /oversight"),
    WEBHOOK: (
        "GET /subscriptions/{id}", "POST /subscriptions/{id}/{what}", "GET /subscriptions/{id}/edit",
        "POST /subscriptions/{id}/edit", "GET /subscriptions/{id}/log/{number}",
        "POST /subscriptions/{id}/log/{number}",
    ),
    EDITORS: (
        "GET /networks/{slug}/invitations", "POST /networks/{slug}/invitations",
        "GET /networks/{slug}/edit", "POST /networks/{slug}/edit", "GET /networks/{slug}/rename",
        "POST /networks/{slug}/rename", "POST /networks/{slug}/roles", "POST /networks/{slug}/roles/{role_id}/end",
        "POST /networks/{slug}/standards", "POST /networks/{slug}/stage", "POST /networks/{slug}/links",
        "GET /networks/{slug}/overlaps", "GET /networks/{slug}/challenges/new", "POST /networks/{slug}/challenges/new",
        "GET /networks/{slug}/service-changes/new", "POST /networks/{slug}/service-changes/new",
        "GET /service-changes/{id}/edit", "POST /service-changes/{id}/edit",
    ),
    EITHER_END: (
        "POST /links/{id}", "POST /links/{id}/{what}", "POST /networks/{slug}/overlaps/{id}/{what}",
        "POST /challenges/{id}",
    ),
    GATHERING: ("POST /events/{id}/cancel", "POST /events/new"),
    APPROVERS: ("POST /service-changes/{id}",),
}  # fmt: skip
"""Rule → its routes, as `METHOD /path` with the path as it is declared."""
RULES = {route: rule for rule, routes in DOORS.items() for route in routes}

STREAMS: dict[str, tuple[str, ...]] = {
    ANYONE: ("/live/changes", "/live/changes/{network_id}", "/api/changes/stream"),
    SIGNED_IN: ("/live/alerts", "/live/unread", "/api/alerts/stream"),
    OFFICERS: ("/live/feed/{body}", "/api/oversight/{body}/feed/stream"),
    STAFF: ("/live/newsletter/{id}/progress", "/live/newsletter/{id}/desk"),
    WEBHOOK: ("/api/subscriptions/{subscription_id}/stream",),
}  # fmt: skip
"""Rule → the server-sent events that stand before the pages."""


def let_in(visit: Visit, path: str) -> None:
    """Raise NotSignedIn or Forbidden where a visitor may not even ask for the page declared at *path*."""
    method = "GET" if visit.request.method == "HEAD" else visit.request.method
    rule = RULES.get(f"{method} {path}", SIGNED_IN)
    if rule == STAFF:
        visit.require_staff()
    elif rule != ANYONE:
        visit.require_signed_in()
