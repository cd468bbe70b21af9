"""Telegram to raw messages: one port, one adapter a way in, one stage that stores."""
