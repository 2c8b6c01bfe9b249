"""Execution: run the pipeline over many files; knows no NLP."""
