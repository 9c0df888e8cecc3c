"""The register of networks.

Owns: networks, their history, links and challenges between them, the oversight bodies as reference data.
Publishes: `registry.networks`, `registry.successions`, `registry.links`, `registry.challenges`.
Consumes: `membership.memberships` and `membership.people`, for who leads what.
"""
