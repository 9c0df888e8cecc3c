"""Who is told what, and how: alerts, the inbox, the newsletter, mail.

Owns: audiences and preferences, alerts and read marks, summaries, browsers that are sent notifications, the
issues of the newsletter, deliveries.
Publishes: `notifications.issues`.
Consumes: every topic, for its announcements; `membership.people`, `membership.memberships` and `registry.networks`
also for who belongs to which audience, and for names; `registry.successions`, for what was chosen for a network that
became part of another.

No code here knows any type of message: an announcement says how to tell a change and whom it concerns.
"""
