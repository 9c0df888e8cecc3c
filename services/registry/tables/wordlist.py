"""What PostgreSQL's index of words holds of a network: its words, `=word` for those of its name, `@facet:value`.

One index for all three, because the index itself then finds what has a word and is of a kind: looking at the rows of
what has the word takes ten times as long where a hundred thousand have it. SQLite finds by words alone.
"""

# ruff: noqa: S608 (statements of our own names alone)
from __future__ import annotations

from collections.abc import Iterator, Sequence

NAMED, CHOSEN = "=", "@"
"""What stands before a word of a name, and before a facet; no word has either."""


def of_a_facet(facet: str, value: str) -> str:
    """The word of all that have this *value* of *facet*."""
    return f"{CHOSEN}{facet}:{value}"


def statements(facets: Sequence[str]) -> Iterator[str]:
    """What makes the column `lexemes` and its index anew; *facets* are those of which a network has one value."""
    of_facets = ", ".join(f"'{CHOSEN}{facet}:' || {facet}" for facet in facets)
    given = ", ".join(f"{name} text" for name in ("search_text", "name_words", *facets))
    yield (
        f"CREATE OR REPLACE FUNCTION network_lexemes({given}, bodies jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE"
        " PARALLEL SAFE AS $$ SELECT array_to_tsvector(string_to_array(search_text, ' ')"
        f" || ARRAY(SELECT '{NAMED}' || word FROM unnest(string_to_array(name_words, ' ')) AS word)"
        f" || ARRAY[{of_facets}]"
        f" || ARRAY(SELECT '{CHOSEN}sha:' || body FROM jsonb_array_elements_text(bodies) AS body)) $$"
    )
    yield "ALTER TABLE networks DROP COLUMN IF EXISTS name_lexemes, DROP COLUMN IF EXISTS lexemes"
    columns = ", ".join(("search_text", "name_words", *facets, "bodies"))
    yield f"ALTER TABLE networks ADD COLUMN lexemes tsvector GENERATED ALWAYS AS (network_lexemes({columns})) STORED"
    yield "CREATE INDEX networks_words ON networks USING gin (lexemes) WITH (fastupdate = off)"
