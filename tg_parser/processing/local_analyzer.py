"""The local analyzer: offline, deterministic, no key. The same message and profile give the same analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from tg_parser.domain.documents import Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.embeddings import Embedder, SentenceEncoder, text_hash
from tg_parser.nlp.sentiment import Vector
from tg_parser.processing.analyzer import PIPELINE_VERSION, AnalysisOutcome, Analyzed, ChannelProfile, Task
from tg_parser.processing.text_tools import TextTools, ToolReading
from tg_parser.processing.worker_pool import WorkerCrashedError, WorkerPool

MODEL_ID = "local-4"
"""Must change whenever the same message would get another analysis."""
TOGETHER = 8
"""Messages that are sent to a worker at a time; the transfer then costs a hundredth of the analysis."""


class LocalAnalyzer:
    """An Analyzer of text tools alone; `names` says whether people, organisations and places are looked for.

    Sentiment is computed from the embedding that `embedder` makes of a text. The tools run in `workers`.
    """

    def __init__(
        self, *, names: bool = True, embedder: Embedder | None = None, workers: WorkerPool | None = None
    ) -> None:
        self._tools = TextTools(names, embedder or SentenceEncoder())
        self._workers = workers or WorkerPool()

    @property
    def provenance(self) -> Provenance:
        """The version of the tools, and whether names were looked for."""
        return Provenance(
            pipeline_version=PIPELINE_VERSION,
            provider="local",
            model_id=MODEL_ID,
            parameters={"names": self._tools.names},
        )

    def batches(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """Several at a time for a worker process; in this process nothing would be saved by that."""
        size = TOGETHER if self._workers.count > 1 else 1
        return (tasks[start : start + size] for start in range(0, len(tasks), size))

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[AnalysisOutcome]:
        """See TextTools."""
        messages = [task.message for task in batch]
        found = await self._workers.run_each(partial(self._tools.read_each, profile=profile), messages)
        return [self._analyzed(*pair, profile) for pair in zip(messages, found, strict=True)]

    def _analyzed(
        self, message: RawMessage, found: ToolReading | WorkerCrashedError | None, profile: ChannelProfile
    ) -> AnalysisOutcome:
        if isinstance(found, WorkerCrashedError):
            return found
        try:
            analysis, vector = self._tools.read(message, profile) if found is None else found
        except Exception as error:  # noqa: BLE001 - the boundary of a message: others are read beside it
            return error
        kept = None if vector is None or analysis.is_noise else self._kept(analysis.text_clean, vector)
        return Analyzed(analysis, self.provenance, vector=kept)

    def _kept(self, text: str, vector: Vector) -> TextVector:
        encoder = self._tools.embedder
        return TextVector(text_hash(text), encoder.model_id, encoder.dimensions, vector.astype("<f4").tobytes())
