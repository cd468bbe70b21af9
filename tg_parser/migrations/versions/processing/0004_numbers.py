"""Numbers of chats that were stored wrongly are put right in documents, topics and all that names them."""

from __future__ import annotations

from alembic import op

from tg_parser.storage.renumbering.processing import renumber_documents

revision = "processing_0004"
down_revision = "processing_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    renumber_documents(op.get_bind())


def downgrade() -> None:
    """Right numbers are right for the earlier version too."""
