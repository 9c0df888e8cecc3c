"""Mailer: hands finished mails to a mail server (SMTP), or to a local mailbox with a page to read it."""
