"""The tables of the state: plain SQL types only, so that every database holds them alike."""

from __future__ import annotations

import sqlalchemy as sa

#: A state of a higher version is refused; there is no lower one yet.
SCHEMA_VERSION = 1

metadata = sa.MetaData()

#: One row: which schema, which state this is (`lineage` never changes), and how often something was applied.
meta = sa.Table(
    "meta",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("lineage", sa.String(36), nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
)

#: Where each account was last put. Owner and holder are CRM user ids; the CRM has the holder where there is one.
applied = sa.Table(
    "applied",
    metadata,
    sa.Column("plan", sa.String(255), primary_key=True),
    sa.Column("account", sa.String(255), primary_key=True),
    sa.Column("territory", sa.String(255)),
    sa.Column("owner", sa.String(255)),
    sa.Column("holder", sa.String(255)),
    sa.Column("digest", sa.String(64), nullable=False),
)

#: Applies that came to an end, whatever the end; rows are only ever added.
history = sa.Table(
    "history",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", sa.Integer, nullable=False, unique=True),
    sa.Column("plan", sa.String(255), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("commit", sa.String(64)),
    sa.Column("who", sa.String(255), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("started", sa.String(20), nullable=False),
    sa.Column("finished", sa.String(20), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("conflicts", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("pending", sa.Integer, nullable=False),
)

#: What an apply is about to write (intent) and what became of it (receipt); rows are only ever added.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False, index=True),
    sa.Column("plan", sa.String(255), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("batch", sa.Integer, nullable=False),
    sa.Column("account", sa.String(255), nullable=False),
    sa.Column("phase", sa.String(7), nullable=False),
    sa.Column("outcome", sa.String(9)),
    sa.Column("message", sa.Text),
    sa.Column("at", sa.String(20), nullable=False),
)
