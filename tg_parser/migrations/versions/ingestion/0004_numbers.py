"""Numbers of chats that were stored wrongly are put right; two sources that turn out to be one chat become one."""

from __future__ import annotations

from alembic import op

from tg_parser.storage.renumbering.ingestion import renumber_sources

revision = "ingestion_0004"
down_revision = "ingestion_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    renumber_sources(op.get_bind())


def downgrade() -> None:
    """Right numbers are right for the earlier version too."""
