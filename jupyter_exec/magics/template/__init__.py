"""`%template` and `%%template` (floor: magics)."""
