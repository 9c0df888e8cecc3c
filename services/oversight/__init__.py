"""Oversight: what an oversight body sees of the networks in its area.

Owns: each body's feed, how far each officer has read it, the oversight bodies as reference data.
Publishes: nothing yet.
Consumes: every topic, for the feed; `registry.networks`, `registry.challenges`, `membership.memberships` and
`membership.people` for the dashboard's projections.
"""
