"""Changing gatherings and bookings. A command changes rows, records history and publishes; it never commits."""
