"""Search that forgives slips of the hand, and counts that need no counting.

Words: FTS5 on SQLite, `tsvector` columns under GIN on PostgreSQL, over the names alone and over all that is searched.
Slips: the trigrams of every known word, FTS5 or pg_trgm. Counts: a row for each change of how many networks are alike.
"""

import sqlalchemy as sa
from alembic import op

from services.registry.commands.naming import words_of
from services.registry.tables import counting
from shared.errors import Unavailable
from shared.outbox import Number

revision = "0006"
down_revision = "0005"

FACETS = ("type", "care_group", "level", "purpose", "side", "stage")
BATCH = 1000

_NOW_INDEXED = (
    "INSERT INTO networks_words(rowid, name_words, search_text) VALUES (new.rowid, new.name_words, new.search_text)"
)
_NO_LONGER = (
    "INSERT INTO networks_words(networks_words, rowid, name_words, search_text)"
    " VALUES ('delete', old.rowid, old.name_words, old.search_text)"
)
_SPLIT = "json_each('[\"' || replace({text}, ' ', '\",\"') || '\"]')"
_LEARNT = (
    f"INSERT INTO search_words (word) SELECT value FROM {_SPLIT.format(text='new.search_text')}"
    " WHERE value <> '' AND NOT EXISTS (SELECT 1 FROM search_words WHERE word = value)"
)
SQLITE = (
    "DROP TABLE networks_words",
    *(f"DROP TRIGGER networks_words_{when}" for when in ("new", "gone", "changed")),
    "CREATE VIRTUAL TABLE networks_words USING fts5(name_words, search_text, content='networks', content_rowid='rowid',"
    " prefix='1 2 3', tokenize='unicode61 remove_diacritics 0')",
    f"CREATE TRIGGER networks_words_new AFTER INSERT ON networks BEGIN {_NOW_INDEXED}; {_LEARNT}; END",
    f"CREATE TRIGGER networks_words_gone AFTER DELETE ON networks BEGIN {_NO_LONGER}; END",
    "CREATE TRIGGER networks_words_changed AFTER UPDATE OF name_words, search_text ON networks BEGIN"
    f" {_NO_LONGER}; {_NOW_INDEXED}; {_LEARNT}; END",
    # Spaces at both ends make trigrams of the beginning and of the end, as pg_trgm makes them.
    "CREATE VIRTUAL TABLE search_words_like USING fts5(word, content='', tokenize='trigram', detail='none')",
    "CREATE TRIGGER search_words_new AFTER INSERT ON search_words BEGIN"
    " INSERT INTO search_words_like(rowid, word) VALUES (new.rowid, '  ' || new.word || ' '); END",
    "INSERT INTO networks_words(networks_words) VALUES ('rebuild')",
    "INSERT INTO search_words (word)"
    f" SELECT DISTINCT value FROM networks, {_SPLIT.format(text='search_text')} WHERE value <> ''",
)

_LEXEMES = "tsvector GENERATED ALWAYS AS (array_to_tsvector(string_to_array({column}, ' '))) STORED"
POSTGRESQL = (
    "DROP INDEX networks_words",
    f"ALTER TABLE networks ADD COLUMN name_lexemes {_LEXEMES.format(column='name_words')},"
    f" ADD COLUMN lexemes {_LEXEMES.format(column='search_text')}",
    "CREATE INDEX networks_words ON networks USING gin (lexemes) WITH (fastupdate = off)",
    "CREATE INDEX networks_name_words ON networks USING gin (name_lexemes) WITH (fastupdate = off)",
    "CREATE INDEX search_words_like ON search_words USING gin (word gin_trgm_ops)",
    "CREATE FUNCTION networks_words_learnt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO search_words (word) SELECT w FROM"
    " (SELECT DISTINCT unnest(string_to_array(search_text, ' ')) AS w FROM added) AS said"
    " WHERE NOT EXISTS (SELECT 1 FROM search_words WHERE word = w); RETURN NULL; END $$",
    *(
        f"CREATE TRIGGER networks_words_{when} AFTER {event} ON networks REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION networks_words_learnt()"
        for when, event in (("new", "INSERT"), ("changed", "UPDATE"))
    ),
    "INSERT INTO search_words (word) SELECT DISTINCT unnest(string_to_array(search_text, ' ')) FROM networks",
)


class NoTrigrams(Unavailable):
    """PostgreSQL has no extension pg_trgm, by which search forgives slips of the hand. Install postgresql-contrib, run
    `CREATE EXTENSION pg_trgm` as a superuser in the registry's database (tidings_registry), and start again.
    """


def upgrade() -> None:
    """Fill the words of every network, then make the indexes that the database of this deployment has."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        _require_trigrams()
    op.add_column("networks", sa.Column("name_words", _in_byte_order(), nullable=False, server_default=""))
    op.create_table("search_words", sa.Column("word", _in_byte_order(), nullable=False))
    op.create_index(op.f("ix_search_words_word"), "search_words", ["word"], unique=False)
    op.create_table(
        "facet_counts",
        sa.Column("number", Number, autoincrement=True, nullable=False),
        sa.Column("combination", sa.Text(), nullable=False),
        sa.Column("networks", sa.Integer(), nullable=False),
        sa.Column("is_sum", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("facet_counts_to_sum", "facet_counts", ["is_sum", "number"], unique=False)
    _fill_words()
    for statement in (*(SQLITE if dialect == "sqlite" else POSTGRESQL), *counting.statements(dialect, FACETS)):
        op.get_bind().exec_driver_sql(statement)
    op.create_index(op.f("ix_networks_name_words"), "networks", ["name_words"], unique=False)
    op.drop_index("networks_by_care_group", "networks")
    for facet in FACETS:
        op.create_index(f"networks_by_{facet}", "networks", [facet, "sort_name", "id"])


def _in_byte_order() -> sa.Text:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _require_trigrams() -> None:
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError as error:
        raise NoTrigrams from error


def _fill_words() -> None:
    """In Python, because the two databases do not take accents off alike."""
    connection, text = op.get_bind(), sa.Text
    plain = (sa.column(name, text) for name in ("id", "name", "care_group", "aims", "name_words", "search_text"))
    networks = sa.table("networks", *plain, sa.column("aliases", sa.JSON))
    c, after = networks.c, ""
    page = sa.select(c.id, c.name, c.aliases, c.care_group, c.aims).order_by(c.id).limit(BATCH)
    fill = networks.update().where(c.id == sa.bindparam("key"))
    while rows := connection.execute(page.where(c.id > after)).all():
        after = rows[-1].id
        said = {row.id: [row.name, *row.aliases, row.care_group.replace("_", " "), row.aims] for row in rows}
        words = {key: dict.fromkeys(words_of(" ".join(texts))) for key, texts in said.items()}
        connection.execute(fill, [
            {"key": key, "name_words": " ".join(words_of(said[key][0])), "search_text": " ".join(words[key])}
            for key in said
        ])  # fmt: skip
