"""The kernel that every service stands on: messages, the log, transactions, access."""
