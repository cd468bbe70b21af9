"""TG_parser: Telegram channels as a knowledge base."""

__version__ = "3.1.0"
