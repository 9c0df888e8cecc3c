"""The gateway: the web UI and the edge.

Owns sessions and nothing else. Publishes nothing, consumes nothing; it asks the services over HTTP, in the name
of whoever asks it, and holds the live streams.
"""
