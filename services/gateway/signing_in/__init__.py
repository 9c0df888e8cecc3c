"""Signing in: sessions and their limits, the second step, an identity provider, and how often one may try."""
