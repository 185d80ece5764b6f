"""A script for spark-submit that does nothing: it has resolved the packages when this starts."""
