"""The routes of notifications: parse, authorise, call one command or query."""
