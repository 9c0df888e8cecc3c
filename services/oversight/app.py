"""The oversight service, composed."""

from services.oversight import api, commands, consumers, migrations, tables
from services.oversight.queries.feed import effects
from services.oversight.queries.needs import needs
from services.oversight.queries.reach import reach
from shared.consumer import Subscription
from shared.contracts import membership, registry
from shared.service import PACE_SECONDS, Service

service = Service(
    name="oversight",
    pace=PACE_SECONDS,
    routers=[api.router],
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(registry.NETWORKS.name, consumers.on_networks),
        Subscription(registry.CHALLENGES.name, consumers.on_challenges),
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(membership.PEOPLE.name, consumers.on_people),
        # Last: a line is shown with the names that came in the same batch, and the counter is locked for shortest.
        Subscription(None, consumers.on_message),
    ],
    effects=effects,
    reach=reach,
    needs=needs,
    reference=commands.load_reference,
)
