"""Where data lies that runs want or leave, and how it gets there and back (floor: datastores)."""
