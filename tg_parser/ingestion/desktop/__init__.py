"""Exports of Telegram Desktop as message sources."""
