"""The events service, composed."""

from services.events import api, consumers, migrations, tables
from shared.consumer import Subscription
from shared.contracts import membership, registry
from shared.service import LINGER_SECONDS, Service

service = Service(
    name="events",
    linger=LINGER_SECONDS,
    routers=[api.router],
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(registry.NETWORKS.name, consumers.on_networks),
        Subscription(registry.SUCCESSIONS.name, consumers.on_successions),
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(membership.PEOPLE.name, consumers.on_people),
    ],
)
