"""Chats through the Telegram API. Telethon is known in this folder alone."""
