"""The REST face (floor: faces)."""
