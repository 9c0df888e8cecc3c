"""Events: the gatherings of networks, and who has a place at them.

Owns: gatherings, bookings.
Publishes: `events.events`, `events.bookings`.
Consumes: `registry.networks`, for whom a gathering concerns; `membership.memberships`, for who may hold one and who
may come; `membership.people`, for names; `registry.successions`, for
whose gatherings they are when networks are merged.
"""
