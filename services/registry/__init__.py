"""The register of networks.

Owns: networks, their history, links and challenges between them, changes of their services, searches that people
saved, the oversight bodies and staff groups as reference data.
Publishes: `registry.networks`, `registry.successions`, `registry.links`, `registry.challenges`,
`registry.service-changes`, `registry.saved-searches`.
Consumes: `membership.memberships` and `membership.people`, for who leads what and whom networks have in common; its
own `registry.networks`, for what overlaps, and for who is to be told that a network came to match a saved search.
"""
