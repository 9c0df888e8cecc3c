"""Request and response bodies of notifications."""
