"""Parameters of each kind of job, validated before a job is created."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from tg_parser.config.llm_settings import Provider
from tg_parser.domain.date_parsing import PATTERN, require_span
from tg_parser.domain.errors import UsageError
from tg_parser.domain.jobs import JOB_KINDS, JobKind, JsonObject
from tg_parser.domain.strict_fields import NO_NUL, WHOLE, Moment

_Text = Annotated[StrictStr, Field(pattern=NO_NUL)]
SourceId = Annotated[_Text, Field(min_length=1, description="Id of a source, as shown by `sources list`.")]
_Sources = Annotated[list[SourceId], Field(description="Ids of sources; by default all that are not paused.")]
Concurrency = Annotated[StrictInt, Field(ge=1, le=1000, description="Messages analysed at the same time."), WHOLE]
_OwnTopics = Annotated[
    StrictBool | None,
    Field(
        description="Leave out topics that also have messages of other sources. Default: true if sources are given, "
        "and always for a key limited to sources. If false, such keys cannot download the files."
    ),
]
_Limit = Annotated[StrictInt, Field(ge=1, description="Take at most this many messages."), WHOLE]


def _like(example: JsonObject) -> ConfigDict:
    """Return a model configuration with an example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class JobWebhook(BaseModel):
    """Webhook that is notified when the job ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: StrictStr = Field(min_length=1, max_length=2000, pattern=NO_NUL, description="https://host/path")
    secret: SecretStr = Field(description="Secret for signing: whsec_ and 24 to 64 random bytes in Base64.")


class JobParameters(BaseModel):
    """Parameters of a job. Omitted ones take the value from the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook: JobWebhook | None = Field(default=None, exclude=True, description="Notified when this job has ended.")

    def source_ids(self) -> tuple[str, ...] | None:
        """Return the sources that the job works on; None for all, empty for none."""
        return ()

    def require_sense(self) -> None:
        """Raise UsageError if parameters that are valid by themselves do not go together."""


class OneSource(JobParameters):
    """Work on one source."""

    source: SourceId

    def source_ids(self) -> tuple[str, ...] | None:
        """Return the one source."""
        return (self.source,)


class WithModel(OneSource):
    """Work on one source that may ask a language model."""

    provider: Provider | None = None
    model: _Text | None = None
    max_cost: Annotated[StrictFloat, Field(gt=0, description="Dollars this job may cost.")] | None = None
    fresh: StrictBool = Field(default=False, description="Ask the model again instead of using cached answers.")
    force: StrictBool = Field(default=False, description="Also repeat finished work.")


class IngestParameters(OneSource):
    """Collect what is new in a source, or everything between its history dates."""

    model_config = _like({"source": "durov"})

    mode: Literal["incremental", "snapshot"] = "incremental"
    limit: _Limit | None = None


class RecheckParameters(OneSource):
    """Check stored posts again for edits and deletions."""

    model_config = _like({"source": "durov", "span": "7d"})

    span: StrictStr = Field(
        default="200",
        pattern=f"^[1-9]\\d{{0,8}}$|{PATTERN}",
        description="The newest 200 posts, or those of the last 7d or 12h, or those since a date.",
    )


class ProcessParameters(WithModel):
    """Create documents from the waiting messages."""

    model_config = _like({"source": "durov", "provider": "local"})

    retry_failed: StrictBool = Field(default=False, description="Also retry messages that failed before.")
    concurrency: Concurrency | None = None
    multi_agent: StrictBool = False


class SharedProcessParameters(ProcessParameters):
    """Create documents from the waiting messages, sharing the work with another job."""

    helps: StrictStr | None = Field(default=None, description="The job to share the work with.")


class TopicizeParameters(WithModel):
    """Group the documents of a source into topics."""

    model_config = _like({"source": "durov"})

    max_topics: Annotated[StrictInt, Field(ge=1), WHOLE] | None = None


class ExportParameters(JobParameters):
    """Write a knowledge base for download. Dates are those of messages, half-open."""

    model_config = _like({"sources": ["durov"], "date_from": "2026-11-01", "pretty": True})

    sources: _Sources = Field(default_factory=list)
    topic_id: _Text | None = None
    date_from: Moment | None = None
    date_to: Moment | None = None
    include_supporting: StrictBool = True
    pretty: StrictBool = False
    own_topics: _OwnTopics = None

    def source_ids(self) -> tuple[str, ...] | None:
        """Return the given sources, or None for all."""
        return tuple(self.sources) or None

    def require_sense(self) -> None:
        """Refuse an empty range of dates."""
        require_span(self.date_from, self.date_to)


class RunParameters(WithModel):
    """Collect and process a source, find its topics and export it in one go."""

    model_config = _like({"source": "durov", "provider": "local", "skip": ["ingest"]})

    mode: Literal["incremental", "snapshot"] = "incremental"
    limit: _Limit | None = None
    retry_failed: StrictBool = False
    concurrency: Concurrency | None = None
    multi_agent: StrictBool = False
    max_topics: Annotated[StrictInt, Field(ge=1), WHOLE] | None = None
    pretty: StrictBool = False
    own_topics: _OwnTopics = None
    skip: list[Literal["ingest", "process", "topicize", "export"]] = Field(default_factory=list)


class SentimentParameters(OneSource):
    """Aggregate the tone of a source's comments."""

    model_config = _like({"source": "durov", "by": "month"})

    by: Literal["topic", "thread", "day", "week", "month"] = "topic"
    of: Literal["comments", "posts", "all"] = "comments"
    limit: Annotated[StrictInt, Field(ge=1, le=1000), WHOLE] = 50


class BackupParameters(JobParameters):
    """Back up all databases."""


class CleanupParameters(JobParameters):
    """Archive old history of agents, and delete jobs that ended long ago."""


PARAMETERS: dict[JobKind, type[JobParameters]] = {
    "ingest": IngestParameters,
    "recheck": RecheckParameters,
    "process": SharedProcessParameters,
    "topicize": TopicizeParameters,
    "export": ExportParameters,
    "run": RunParameters,
    "sentiment": SentimentParameters,
    "backup": BackupParameters,
    "cleanup": CleanupParameters,
}


def checked(kind: str, parameters: JsonObject) -> JobParameters:
    """Validate the parameters for this kind of job. Raises UsageError saying what is wrong."""
    if kind not in PARAMETERS:
        raise UsageError(f"Unknown kind of job: {kind!r}.", f"Choose from: {', '.join(JOB_KINDS)}.", kind=kind)
    try:
        wanted = PARAMETERS[kind].model_validate(parameters)
    except ValidationError as error:
        raise UsageError(_in_words(kind, error.errors()), kind=kind) from None
    wanted.require_sense()
    return wanted


def _in_words(kind: str, problems: list[Any]) -> str:
    told = [f"{'.'.join(map(str, each['loc'])) or 'parameters'}: {each['msg']}" for each in problems]
    return f"These parameters are not valid for a {kind} job: {'; '.join(told)}."
