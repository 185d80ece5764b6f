"""The logs of a run's replicas and ranks in one view, by time (floor: services)."""
