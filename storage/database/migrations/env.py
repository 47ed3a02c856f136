"""Alembic's entry: runs on the connection that `migrate` hands over, inside its transaction."""

from alembic import context

from storage.database import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables.metadata)
with context.begin_transaction():
    context.run_migrations()
