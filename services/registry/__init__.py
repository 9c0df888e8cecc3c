"""The register of networks.

Owns: networks, their history, challenges between them, the oversight bodies as reference data.
Publishes: `registry.networks`, `registry.challenges`.
Consumes: `membership.memberships` and `membership.people`, for who leads what.
"""
