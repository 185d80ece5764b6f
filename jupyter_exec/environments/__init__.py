"""What a run's Python is, and how it comes to be (floor: ways)."""
