"""The registry service, composed."""

from services.registry import api, commands, consumers, migrations, queries, tables
from services.registry.commands.batch_jobs import batches_due, go_on
from services.registry.importing.worker import LOOK_SECONDS, import_files
from services.registry.turning import WORKERS
from shared.consumer import Subscription
from shared.contracts import membership
from shared.contracts import registry as own
from shared.service import LINGER_SECONDS, Service
from shared.turning import turning

service = Service(
    name="registry",
    linger=LINGER_SECONDS,
    routers=api.routers,
    metadata=tables.metadata,
    migrations=migrations,
    subscriptions=[
        Subscription(membership.MEMBERSHIPS.name, consumers.on_memberships),
        Subscription(membership.PEOPLE.name, consumers.on_people),
        Subscription(own.NETWORKS.name, consumers.on_networks),
        Subscription(own.LINKS.name, consumers.on_links),
        Subscription(own.STANDARDS.name, consumers.on_standards),
        Subscription(None, consumers.on_any),
    ],
    workers=[
        import_files,
        turning("change_networks_one_by_one", batches_due, go_on, pause=LOOK_SECONDS),
        turning("turn_challenges", commands.challenges_due, commands.turn_challenges),
        turning("turn_service_changes", commands.service_changes_due, commands.turn_service_changes),
        turning("sum_counts", queries.to_be_summed, queries.sum_counts),
        *WORKERS,
    ],
    effects=queries.effects,
    needs=queries.needs,
    reference=commands.load_reference,
)
