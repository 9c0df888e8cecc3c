"""Tidings: every service stands beside the others and talks to them only through messages."""
