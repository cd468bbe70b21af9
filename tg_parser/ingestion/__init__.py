"""Collects raw messages from Telegram: one interface, one adapter per way of access, one writer for all of them."""
