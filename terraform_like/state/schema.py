"""The tables of the state: plain SQL types only, so that every database holds them alike."""

from __future__ import annotations

import sqlalchemy as sa

#: A state of a higher version is refused, one of a lower version is migrated: `state/migrate.py`.
SCHEMA_VERSION = 4

metadata = sa.MetaData()

#: One row: which schema, which state this is (`lineage` never changes), how often something was applied, and from which
#: serial on the journal says what accounts had before.
meta = sa.Table(
    "meta",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("lineage", sa.String(36), nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("befores_since", sa.Integer, nullable=False, server_default="0"),
)

#: One row while somebody holds the lock of a database server; `session` is the server's number of the connection.
lock = sa.Table(
    "lock",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("since", sa.String(20), nullable=False),
    sa.Column("session", sa.Integer, nullable=False),
)

#: Where each account was last put. Owner and holder are CRM user ids; the CRM has the holder where there is one.
applied = sa.Table(
    "applied",
    metadata,
    sa.Column("plan", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("territory", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("holder", sa.Text),
    sa.Column("digest", sa.String(64), nullable=False),
)

#: Applies that came to an end, whatever the end; rows are only ever added. `lifted` names limits and `approved` people
#: with commas between; both are null where there is none, or an older version applied.
history = sa.Table(
    "history",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", sa.Integer, nullable=False, unique=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("commit", sa.String(64)),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("started", sa.String(20), nullable=False),
    sa.Column("finished", sa.String(20), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("conflicts", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("pending", sa.Integer, nullable=False),
    sa.Column("lifted", sa.Text),
    sa.Column("merge", sa.String(64)),
    sa.Column("approved", sa.Text),
    sa.Column("ran", sa.Text),
)

#: What an apply is about to write (intent), with what the CRM had before, and what became of it (receipt); rows are
#: only ever added. Owners are CRM user ids.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False, index=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("batch", sa.Integer, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("phase", sa.String(7), nullable=False),
    sa.Column("outcome", sa.String(9)),
    sa.Column("message", sa.Text),
    sa.Column("at", sa.String(20), nullable=False),
    sa.Column("territory_before", sa.Text),
    sa.Column("owner_before", sa.Text),
    sa.Column("territory_after", sa.Text),
    sa.Column("owner_after", sa.Text),
)
