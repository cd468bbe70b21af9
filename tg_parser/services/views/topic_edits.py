"""What people did to topics."""

from __future__ import annotations

from tg_parser.domain.topics import TopicChange, TopicEdit
from tg_parser.services.views.base import View


class EditedTopic(View):
    """`topics rename|merge|split|move|hide|pin|undo`: the edit, and what it changed."""

    edit: TopicEdit
    changes: tuple[TopicChange, ...]


class TopicEditList(View):
    """`topics edits`: what people did to topics, oldest first."""

    edits: tuple[TopicEdit, ...]
