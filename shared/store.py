"""Store: short-lived values by key: sessions, rate limits, cache (Redis, or this process alone)."""
