"""Compare annotations with gold: readers, matching, scores, error classes."""
