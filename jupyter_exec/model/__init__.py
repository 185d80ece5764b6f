"""The nouns: pure values without I/O (floor: model, above errors only)."""
