"""Where rows are written: PostgreSQL or new SQLite files."""
