"""The metadata that all tables of this service share."""

from sqlalchemy import MetaData

metadata = MetaData()
