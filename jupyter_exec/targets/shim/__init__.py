"""What supervises a local run; this folder travels with runs, and `main.py` is the program."""
