"""Stage 4: which mentions go together in sentences, sections and documents, and how strongly."""
