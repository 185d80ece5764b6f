"""What travels with a run of Spark's: finds Spark, waits for the others, and becomes Spark."""
