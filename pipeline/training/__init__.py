"""Fit the recogniser to annotated articles."""
