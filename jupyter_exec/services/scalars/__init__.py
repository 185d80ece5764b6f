"""Scalars that a run writes for TensorBoard or MLflow, found and told as its metrics.

Floor: services.
"""
