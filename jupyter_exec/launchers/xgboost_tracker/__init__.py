"""Where the workers of XGBoost meet; this folder travels with runs, `main.py` starts."""
