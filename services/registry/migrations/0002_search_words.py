"""Full text over the search words: FTS5 on SQLite, a GIN index on PostgreSQL."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQLITE = (
    "CREATE VIRTUAL TABLE networks_words USING fts5(search_text, content='networks', content_rowid='rowid', prefix='2 3')",
    "CREATE TRIGGER networks_words_new AFTER INSERT ON networks BEGIN"
    " INSERT INTO networks_words(rowid, search_text) VALUES (new.rowid, new.search_text); END",
    "CREATE TRIGGER networks_words_gone AFTER DELETE ON networks BEGIN"
    " INSERT INTO networks_words(networks_words, rowid, search_text) VALUES ('delete', old.rowid, old.search_text); END",
    "CREATE TRIGGER networks_words_changed AFTER UPDATE OF search_text ON networks BEGIN"
    " INSERT INTO networks_words(networks_words, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);"
    " INSERT INTO networks_words(rowid, search_text) VALUES (new.rowid, new.search_text); END",
)
POSTGRESQL = "CREATE INDEX networks_words ON networks USING gin (to_tsvector('simple', search_text))"


def upgrade() -> None:
    """Add the index that the database of this deployment has for words."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    else:
        op.execute(POSTGRESQL)
