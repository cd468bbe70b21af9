"""The port of analysis: one implementation offline, one with a language model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.footers import ChannelProfile

__all__ = ["PIPELINE_VERSION", "Analyzed", "Analyzer", "ChannelProfile", "Task"]

PIPELINE_VERSION = "processing:v3.1.0"
"""Written into every document."""


@dataclass(frozen=True, slots=True)
class Task:
    """A message to analyse, with its newest text. A comment comes with its post's text and that of its parent.

    `revision` is that of the text; the document of a `deleted` message is to be removed. `remarks` are a reviewer's
    objections to an earlier answer; an analyzer that asks a model passes them on.
    """

    message: RawMessage
    post_text: str | None = None
    parent_text: str | None = None
    remarks: tuple[str, ...] = ()
    revision: int = 0
    deleted: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether an analyzer gets it: deleted messages and those without text do not need one."""
        return not self.deleted and bool(self.message.text.strip())


@dataclass(frozen=True, slots=True)
class Analyzed:
    """What a message says, and how that was found out, with the tokens and price of this one message.

    `notes` go into the metadata of the document beside the provenance. `asked` says whether a provider answered just
    now: text tools and a cache say nothing about its health. `vector` is the embedding of the clean text, if it was
    computed; it is stored with the document, so topics need not compute it again.
    """

    analysis: Analysis
    provenance: Provenance
    notes: dict[str, Any] = field(default_factory=dict)
    asked: bool = False
    vector: TextVector | None = None


AnalysisOutcome = Analyzed | Exception
"""The outcome for one message; an error only affects this message."""


class Analyzer(Protocol):
    """Analyses messages, several together if that is cheaper."""

    def batches(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """`tasks` in the batches that suit `analyze` best, each task once; most analyzers take one at a time."""
        ...

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[AnalysisOutcome]:
        """One outcome per task, in order; `profile` describes the channel.

        An error in the list concerns that message; one that is raised concerns every message of the batch. It goes to
        the failure ledger, unless it `stops_run` or says that a provider is down: then the messages stay waiting.
        """
        ...
