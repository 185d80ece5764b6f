"""From a run definition to a Job, one file a framework (floor: ways; knows no target)."""
