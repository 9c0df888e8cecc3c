"""The registry service, composed."""

from services.registry import api, commands, consumers, migrations, tables
from shared.consumer import Subscription
from shared.contracts import membership
from shared.service import Service

service = Service(
    name="registry",
    routers=api.routers,
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(membership.PEOPLE.name, consumers.on_people),
    ],
    reference=commands.load_bodies,
)
