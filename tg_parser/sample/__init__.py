"""The bundled sample: real posts in Russian and English as Telegram Desktop would export them."""

from __future__ import annotations

from pathlib import Path

SAMPLE_EXPORT = Path(__file__).parent / "result.json"
