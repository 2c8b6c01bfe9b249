"""Stage 0: HPO, MONDO, UBERON and our own terms, compiled once into one look-up index."""
