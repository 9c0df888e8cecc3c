"""Reading what notifications keeps. An inbox is read in inbox.py."""
