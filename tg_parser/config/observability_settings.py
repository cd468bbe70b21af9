"""What can be seen of a running service: its health, its metrics, its traces."""

from __future__ import annotations

from tg_parser.config.groups import WEB_ADDRESS, SettingsGroup, setting


class ObservabilitySettings(SettingsGroup):
    """Health checks, metrics and traces."""

    metrics: bool = setting("METRICS_ENABLED", False, "Whether metrics are recorded, and served at /metrics.")
    metrics_sources: int = setting(
        "METRICS_SOURCES",
        100,
        "Sources with series of their own in metrics; all further ones are `other`.",
        ge=0,
        le=10_000,
    )
    llm_check: bool = setting(
        "HEALTH_LLM_CHECK", False, "Whether health checks also ask the language model's provider, which costs nothing."
    )
    llm_timeout: float = setting(
        "HEALTH_LLM_TIMEOUT", 1.5, "Seconds that the provider may take to answer a health check.", gt=0, le=30
    )
    llm_kept: float = setting(
        "HEALTH_LLM_CACHE_SECONDS", 60.0, "Seconds between two such questions to the provider.", ge=1, le=3600
    )
    traces_to: str | None = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "Address of a collector that traces are sent to over OTLP/HTTP; unset, none are made. Needs the extra `otel`.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    service_name: str = setting(
        "OTEL_SERVICE_NAME", "tg-parser", "How this installation is named in traces.", min_length=1
    )
