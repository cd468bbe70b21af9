"""What other programs may read: data, results of commands, answers to those who watch a service, bodies of webhooks."""

from __future__ import annotations

from pydantic import BaseModel

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.knowledge import KnowledgeBaseEntry
from tg_parser.domain.messages import ExportedMessage, RawMessage
from tg_parser.domain.sources import Source
from tg_parser.domain.topics import Anchor, TopicBundle, TopicCard
from tg_parser.domain.webhooks import JobEvent, PingEvent, SourceEvent
from tg_parser.services.views import (
    agents,
    collecting,
    doctor,
    health,
    jobs,
    keys,
    reading,
    runs,
    schedule,
    search,
    spending,
    topic_edits,
    upkeep,
    webhooks,
)

CONTRACTS: tuple[type[BaseModel], ...] = (
    RawMessage,
    ProcessedDocument,
    TopicCard,
    Anchor,
    TopicBundle,
    KnowledgeBaseEntry,
    ExportedMessage,
    Source,
)
RESULTS: dict[str, type[BaseModel]] = {
    "demo": runs.RunResult,
    "run": runs.RunResult,
    "run --all": runs.RunAllResult,
    "init": upkeep.SchemaStates,
    "add-source": Source,
    "sources list": collecting.SourceList,
    "sources add": Source,
    "sources show": Source,
    "sources rename": Source,
    "sources pause": Source,
    "sources resume": Source,
    "sources remove": collecting.RemovedSource,
    "login": collecting.LoginResult,
    "ingest": collecting.IngestResult,
    "ingest --reread": collecting.RereadResult,
    "process": runs.ProcessResult,
    "process --estimate": spending.Estimate,
    "topicize": runs.TopicizeResult,
    "topicize --all": runs.TopicizeAllResult,
    "export": runs.ExportResult,
    "topics list": reading.TopicList,
    "topics show": reading.TopicView,
    "topics history": reading.TopicHistory,
    "topics diff": reading.TopicHistory,
    "topics rename": topic_edits.EditedTopic,
    "topics merge": topic_edits.EditedTopic,
    "topics split": topic_edits.EditedTopic,
    "topics move": topic_edits.EditedTopic,
    "topics hide": topic_edits.EditedTopic,
    "topics pin": topic_edits.EditedTopic,
    "topics undo": topic_edits.EditedTopic,
    "topics edits": topic_edits.TopicEditList,
    "topics check": reading.TopicFaults,
    "messages show": reading.MessageView,
    "entries": KnowledgeBaseEntry,
    "search find": search.SearchResult,
    "search index": search.IndexReport,
    "similar": search.SearchResult,
    "status": reading.StatusResult,
    "sentiment": reading.SentimentReport,
    "costs": spending.CostReport,
    "prompts list": upkeep.PromptList,
    "prompts check": upkeep.CheckedPrompts,
    "db upgrade": upkeep.SchemaStates,
    "db downgrade": upkeep.SchemaStates,
    "db current": upkeep.SchemaStates,
    "db stamp": upkeep.SchemaStates,
    "db history": upkeep.SchemaHistory,
    "db pool": upkeep.PoolReport,
    "db migrate-from-sqlite": upkeep.MigrationResult,
    "db migrate-from-sqlite --rollback": upkeep.RolledBackMigration,
    "backup create": upkeep.CreatedBackup,
    "backup list": upkeep.BackupList,
    "backup verify": upkeep.BackupVerdict,
    "backup restore": upkeep.RestoredBackup,
    "backup prune": upkeep.PrunedBackups,
    "doctor": doctor.DoctorReport,
    "schedule": schedule.ScheduleResult,
    "jobs list": jobs.JobList,
    **{f"jobs {verb}": jobs.JobView for verb in ("show", "cancel", "retry", "watch")},
    **{f"{verb} --detach": jobs.JobView for verb in ("run", "ingest", "process", "topicize", "export")},
    **{f"{verb} --all --detach": jobs.JobList for verb in ("run", "ingest", "process", "topicize")},
    "keys list": keys.KeyList,
    **{f"keys {verb}": keys.ShownKey for verb in ("create", "rotate")},
    "keys revoke": keys.KeyView,
    "keys audit": keys.AuditLog,
    "webhooks list": webhooks.WebhookList,
    **{f"webhooks {verb}": webhooks.ShownWebhook for verb in ("add", "rotate")},
    **{f"webhooks {verb}": webhooks.WebhookView for verb in ("remove", "enable")},
    **{f"webhooks {verb}": webhooks.DeliveryView for verb in ("test", "redeliver")},
    "webhooks deliveries": webhooks.DeliveryList,
    "agents list": agents.AgentList,
    "agents status": agents.AgentStatus,
    "agents history": agents.AgentTasks,
    "agents handoffs": agents.HandoffList,
    "agents cleanup": agents.HistoryCleanup,
    "agents archives": agents.ArchiveList,
}
"""What `--json` prints, by command, and by option where that changes the form."""

PROBES: dict[str, type[BaseModel]] = {
    "/health/live": health.Liveness,
    "/health/ready": health.Readiness,
    "/health": health.HealthReport,
    "/status": health.ServiceStatus,
}
"""What a running service answers to those who watch it."""

EVENTS: tuple[type[BaseModel], ...] = (JobEvent, SourceEvent, PingEvent)
"""The bodies of webhooks."""
