"""What executes a notebook; this folder travels with runs, and `main.py` is the program."""
