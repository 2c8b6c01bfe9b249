"""Stage 1: find article files and read them into Articles."""
