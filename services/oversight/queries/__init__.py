"""What is read: the feed, and the dashboard."""
