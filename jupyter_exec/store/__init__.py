"""The memory: SQLite and files (floor: store)."""
