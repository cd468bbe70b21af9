"""Numbers of chats that earlier versions stored wrongly, put right by the revisions of each database."""
