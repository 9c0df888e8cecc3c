"""The membership service, composed."""

from services.membership import api, commands, consumers, letters, migrations, tables, turning
from shared.consumer import Subscription
from shared.contracts import registry
from shared.service import LINGER_SECONDS, Service

service = Service(
    name="membership",
    linger=LINGER_SECONDS,
    routers=api.routers,
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(registry.NETWORKS.name, consumers.on_networks),
        Subscription(registry.SUCCESSIONS.name, consumers.on_successions),
    ],
    workers=[turning.turn_with_the_calendar, letters.send_letters, letters.forget_letters],
    reference=commands.load_reference,
    secrets=frozenset({"services_secret", "smtp"}),
)
