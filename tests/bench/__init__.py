"""What `scripts/bench` runs: us and what people would use instead, measured in turns."""
