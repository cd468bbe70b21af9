"""Jobs done by workers: in the process itself on SQLite, in any number of processes and machines on PostgreSQL."""
