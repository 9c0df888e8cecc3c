"""Letters: whole mails, from parts that are made once an issue."""
