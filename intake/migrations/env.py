"""Alembic's entry: runs the migrations on the connection that `Database.migrate` hands over."""

from alembic import context

from intake.tables import Row

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
