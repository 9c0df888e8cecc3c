"""The notifications service, composed."""

from services.notifications import consumers, migrations, tables
from services.notifications.api import (
    alerts,
    browsers,
    changes,
    desk,
    feeds,
    internal,
    mail,
    newsletter,
    preferences,
    readers,
    subscriptions,
    tellings,
    webhook_log,
)
from services.notifications.delivery.collecting import collect, forget
from services.notifications.delivery.correcting import follow_corrections
from services.notifications.delivery.fanning import fan_out
from services.notifications.delivery.measuring import measure
from services.notifications.delivery.pushes.sender import push
from services.notifications.delivery.sender import deliver
from services.notifications.delivery.summarising import summarise
from services.notifications.delivery.timetable import keep_timetable
from services.notifications.delivery.webhooks.later import order_webhooks_later
from services.notifications.delivery.webhooks.sender import deliver_webhooks
from services.notifications.queries.effects import effects
from services.notifications.queries.needs import needs
from services.notifications.queries.reach import reach
from shared.consumer import Subscription
from shared.contracts import membership, registry
from shared.service import Service

service = Service(
    name="notifications",
    routers=[
        alerts.router,
        preferences.router,
        browsers.router,
        newsletter.router,
        desk.router,
        mail.router,
        readers.router,
        subscriptions.router,
        webhook_log.router,
        changes.router,
        tellings.router,
        feeds.router,
        feeds.internal,
        internal.router,
        internal.asking,
    ],
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(membership.PEOPLE.name, consumers.on_people),
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(registry.NETWORKS.name, consumers.on_networks),
        Subscription(registry.SUCCESSIONS.name, consumers.on_successions),
        Subscription(None, consumers.on_announcements, after=consumers.after_announcements),
    ],
    workers=[
        collect,
        forget,
        fan_out,
        summarise,
        deliver,
        follow_corrections,
        keep_timetable,
        push,
        order_webhooks_later,
        deliver_webhooks,
        measure,
    ],
    effects=effects,
    reach=reach,
    secrets=frozenset({"services_secret", "smtp", "returned_mail", "push_key"}),
    needs=needs,
)
