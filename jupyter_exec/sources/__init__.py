"""Where code comes from: folders, archives, git; it becomes a snapshot (floor: sources)."""
