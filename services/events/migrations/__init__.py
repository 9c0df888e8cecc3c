"""The chain of migrations of this service."""
