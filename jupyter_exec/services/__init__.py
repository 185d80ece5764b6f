"""The verbs (floor: services)."""
