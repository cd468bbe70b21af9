"""Chats through the Telegram API. Only this folder imports Telethon."""
