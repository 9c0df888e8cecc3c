"""Write the next migration of a service from the difference between its tables and its chain.

python scripts/migration.py registry "saved searches"
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from shared.db import UtcDateTime, kernel
from shared.migrations import upgrade
from shared.service import Service

TEMPLATE = '''"""{what}"""

{imports}

revision = "{revision}"
down_revision = {previous}


def upgrade() -> None:
    """{what}"""
    {code}
'''


IMPORTS = {
    "sa.": "import sqlalchemy as sa\n", "op.": "from alembic import op\n",
    "postgresql.": "from sqlalchemy.dialects import postgresql\n",
    "UtcDateTime(": "\nfrom shared.db import UtcDateTime\n",
}  # fmt: skip
"""What a migration imports, by what in its code asks for it."""


def render(kind: str, item: object, _context: object) -> str | bool:
    """Name our own column type as itself."""
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def main(name: str, what: str) -> None:
    """Write `services/<name>/migrations/NNNN_<what>.py`."""
    service: Service = importlib.import_module(f"services.{name}.app").service
    folder = Path(f"services/{name}/migrations")
    numbers = sorted(path.name[:4] for path in folder.glob("[0-9]*.py"))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        if numbers:
            upgrade(connection, service.metadata, service.migrations)
        of_search = tuple(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'").scalars()
        )
        options = {
            "render_item": render, "user_module_prefix": "", "target_metadata": [kernel, service.metadata],
            "include_name": lambda name, kind, _parents: kind != "table" or not str(name).startswith(of_search),
        }  # fmt: skip
        context = MigrationContext.configure(connection, opts=options)
        script = produce_migrations(context, [kernel, service.metadata])
    code = render_python_code(script.upgrade_ops, render_item=render, user_module_prefix="")
    code = re.sub(r"astext_type=Text\(\)", "astext_type=sa.Text()", code)
    revision = f"{int(numbers[-1]) + 1 if numbers else 1:04d}"
    sentence = what[0].upper() + what[1:] + "."
    imports = "".join(line for asked, line in IMPORTS.items() if asked in code).strip()
    previous = f'"{numbers[-1]}"' if numbers else None
    text = TEMPLATE.format(what=sentence, imports=imports, revision=revision, previous=previous, code=code)
    (folder / f"{revision}_{what.replace(' ', '_')}.py").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
