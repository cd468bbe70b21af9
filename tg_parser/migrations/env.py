"""Runs the revisions of one logical database on the connection that storage/engine/alembic_commands.py hands over."""

from alembic import context

attributes = context.config.attributes

context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    version_table=f"alembic_version_{attributes['database']}",
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
