"""Stage 2: one spaCy component per module, each a factory of its own."""
