"""The register of networks.

Owns: networks, their history, the oversight bodies as reference data.
Publishes: `registry.networks`.
Consumes: `membership.memberships` and `membership.people`, for who leads what.
"""
