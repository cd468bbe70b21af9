"""Numbers of chats that earlier versions stored wrongly, and what becomes of what they named. Pure."""
