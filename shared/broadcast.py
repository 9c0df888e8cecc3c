"""Broadcast: fleeting messages to every process that listens (Redis, or this process alone).

A broadcast is a hint. It may be lost, and a listener is told when it may have been (`Missed`): storage is the truth.
"""
