"""Our SQLite backend."""
