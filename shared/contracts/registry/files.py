"""What the register says of imports."""

from __future__ import annotations

from shared.contracts import State, contract, topic


class ImportState(State):
    """An import of a file into the register, as counts. `kept`: networks changed since, which an undo left alone."""

    file: str
    status: str
    new: int
    changed: int
    duplicate: int
    wrong: int
    kept: int
    bodies: list[str]


IMPORTS = topic("registry.imports")
IMPORT_JUDGED = contract(
    IMPORTS, "networks.registry.import.judged.v1", ImportState, "A file was read and is ready to be looked at."
)
IMPORT_APPLIED = contract(
    IMPORTS, "networks.registry.import.applied.v1", ImportState, "A file's rows were put on the register, all at once."
)
IMPORT_REVERTED = contract(
    IMPORTS, "networks.registry.import.reverted.v1", ImportState, "An import was undone, all at once."
)
