"""Changing what notifications keeps. A command changes rows and publishes; it never commits."""
