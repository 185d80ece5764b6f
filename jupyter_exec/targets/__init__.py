"""Where jobs run, one file an engine (floor: ways; knows no launcher)."""
