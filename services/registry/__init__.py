"""The register of networks.

Owns: networks, their history, links and challenges between them, changes of their services, searches that people
saved, standards and evidence, health and vacancies; the oversight bodies and staff groups as reference data.
Publishes: `registry.networks`, `registry.successions`, `registry.links`, `registry.challenges`,
`registry.service-changes`, `registry.saved-searches`, `registry.standards`, `registry.evidence`, `registry.health`,
`registry.vacancies`.
Consumes: `membership.memberships` and `membership.people`, for who leads what and whom networks have in common; its
own messages, for what overlaps, what is to be judged, and who is to be told that a network came to match a saved
search; whatever a standard takes as evidence.
"""
