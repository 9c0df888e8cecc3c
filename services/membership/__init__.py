"""People, their organisations, and who belongs to which network as what.

Owns: people, accounts and personal tokens, organisations (trusts, PCTs and SHAs as reference data), roles.
Publishes: `membership.people` (the only topic with personal data; erasure is a tombstone),
`membership.memberships`, `membership.role-batches`, `membership.organisations`.
Consumes: `registry.networks`, for the names, bodies and care groups of networks; `registry.successions`, for where
the people of merged and split networks go.
"""
