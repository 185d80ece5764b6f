"""What starts the ranks of a node with torch; this folder travels with runs, `main.py` starts."""
