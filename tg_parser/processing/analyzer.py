"""The port: a message in, what it says out. One implementation a way to read: offline, or by a language model."""

from __future__ import annotations

from typing import Protocol

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.footers import ChannelProfile

__all__ = ["PIPELINE_VERSION", "Analyzer", "ChannelProfile"]

PIPELINE_VERSION = "processing:v3.1.0"
"""Stands in every document (M14)."""


class Analyzer(Protocol):
    """Reads one message at a time. Raises AnalysisError for a message it cannot read."""

    @property
    def provenance(self) -> Provenance:
        """How its analyses are made, without tokens and cost."""
        ...

    async def analyze(self, message: RawMessage, profile: ChannelProfile) -> Analysis:
        """What `message` says, in the light of its channel's `profile`."""
        ...
