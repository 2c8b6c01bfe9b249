"""Stage 3: the output tables."""
