"""On PostgreSQL, the tables and functions of the queue that tells workers of jobs, as procrastinate 3.10 has them."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "processing_0008"
down_revision = "processing_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # More than one statement, with signs that SQLAlchemy would take for parameters: the driver runs it as it is.
        op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql(_DROP_ALL)


_DROP_ALL = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate%%' LOOP
        EXECUTE format('DROP TABLE %%I CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'procrastinate%%' LOOP
        EXECUTE format('DROP FUNCTION %%s CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT t.typname AS name FROM pg_type t
        WHERE t.typnamespace = current_schema()::regnamespace AND t.typname LIKE 'procrastinate%%' LOOP
        EXECUTE format('DROP TYPE %%I CASCADE', found.name);
    END LOOP;
END $$
"""
