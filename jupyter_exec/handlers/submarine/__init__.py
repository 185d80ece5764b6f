"""Apache Submarine's dialect, below `api/v1/` (floor: handlers)."""
