"""Numbers of chats that were stored wrongly are put right; a chat stored under two numbers becomes one."""

from __future__ import annotations

from alembic import op

from tg_parser.storage.renumbering.raw import renumber_messages

revision = "raw_0002"
down_revision = "raw_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    renumber_messages(op.get_bind())


def downgrade() -> None:
    """Right numbers are right for the earlier version too."""
