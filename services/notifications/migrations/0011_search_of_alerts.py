"""Search of alerts: FTS5 on SQLite, a `tsvector` under GIN on PostgreSQL, kept by the database itself.

On PostgreSQL the ids of people and of the network stand among the words, each after a sign that begins no word; what
stands between the brackets of a name is none. Accents are taken off on both, as `searching.words_in` takes them off.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

_IN = 'INSERT INTO alerts_words(rowid, headline, network_id) VALUES (new."offset", new.headline, new.network_id)'
_OUT = (
    "INSERT INTO alerts_words(alerts_words, rowid, headline, network_id)"
    " VALUES ('delete', old.\"offset\", old.headline, old.network_id)"
)
SQLITE = (
    "CREATE VIRTUAL TABLE alerts_words USING fts5(headline, network_id, content='alerts', content_rowid='offset',"
    " prefix='2 3', tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER alerts_words_new AFTER INSERT ON alerts BEGIN {_IN}; END",
    f"CREATE TRIGGER alerts_words_gone AFTER DELETE ON alerts BEGIN {_OUT}; END",
    f"CREATE TRIGGER alerts_words_changed AFTER UPDATE OF headline, network_id ON alerts BEGIN {_OUT}; {_IN}; END",
    "INSERT INTO alerts_words(alerts_words) VALUES ('rebuild')",
)

_NAME = r"\{person:([^{}\s]+)\}"
_APART = r"[\s\u2000-\u206F!-/:-@\[-`{-~]+"
POSTGRESQL = (
    rf"""
    CREATE FUNCTION alert_words(headline text, network_id text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
      SELECT array_to_tsvector(array_remove(
        regexp_split_to_array(
          lower(regexp_replace(normalize(regexp_replace(headline, '{_NAME}', ' ', 'g'), NFKD), '[\u0300-\u036F]', '', 'g')),
          '{_APART}')
        || array(SELECT '@p' || found[1] FROM regexp_matches(headline, '{_NAME}', 'g') AS found)
        || ('@n' || network_id), ''))
    $$
    """,
    "ALTER TABLE alerts ADD COLUMN words tsvector GENERATED ALWAYS AS (alert_words(headline, network_id)) STORED",
    "CREATE INDEX alerts_words ON alerts USING gin (words)",
)


def upgrade() -> None:
    """Add the index that the database of this deployment has for words."""
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
