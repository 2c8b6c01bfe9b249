"""One self-contained HTML page of a finished run: look at it, check it, correct it."""

MAX_ARTICLES = 2_000
