"""The notifications service, composed."""

from services.notifications import consumers, migrations, queries, tables
from services.notifications.api import alerts, internal, preferences
from shared.consumer import Subscription
from shared.contracts import membership, registry
from shared.service import Service

service = Service(
    name="notifications",
    routers=[alerts.router, preferences.router, internal.router],
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(membership.PEOPLE.name, consumers.on_people),
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(registry.NETWORKS.name, consumers.on_networks),
        Subscription(None, consumers.on_announcements),
    ],
    effects=queries.effects,
)
