"""Imports of the register."""

from __future__ import annotations

from fastapi import Request

from services.registry import commands
from services.registry.schemas.imports import ImportResult
from shared.auth import Principal, Session, may, staff
from shared.boundary import Router

router = Router(tags=["networks"])


@router.post("/networks/imports")
async def import_networks(
    request: Request, session: Session, dry_run: bool = False, by: Principal = may(staff, "networks:write")
) -> ImportResult:
    """Import networks from CSV (the body): all rows or none; with `dry_run` only say what would happen."""
    return await commands.import_networks(session, content=await request.body(), by=by, dry_run=dry_run)
