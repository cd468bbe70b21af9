"""Settings for health checks, metrics and traces."""

from __future__ import annotations

from tg_parser.config.groups import WEB_ADDRESS, SettingsGroup, setting


class ObservabilitySettings(SettingsGroup):
    """Health checks, metrics and traces."""

    metrics: bool = setting("METRICS_ENABLED", False, "Record metrics and serve them at /metrics.")
    metrics_sources: int = setting(
        "METRICS_SOURCES",
        100,
        "Maximum number of sources with their own series in metrics; further ones are counted as `other`.",
        ge=0,
        le=10_000,
    )
    llm_check: bool = setting(
        "HEALTH_LLM_CHECK", False, "Include the language model's provider in health checks, which costs nothing."
    )
    llm_timeout: float = setting(
        "HEALTH_LLM_TIMEOUT", 1.5, "Seconds the provider has to respond to a health check.", gt=0, le=30
    )
    llm_kept: float = setting(
        "HEALTH_LLM_CACHE_SECONDS", 60.0, "Seconds between two such checks of the provider.", ge=1, le=3600
    )
    traces_to: str | None = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "Address of a collector to send traces to over OTLP/HTTP; unset, there are no traces. Needs the extra `otel`.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    service_name: str = setting("OTEL_SERVICE_NAME", "tg-parser", "Name of this installation in traces.", min_length=1)
