"""Give the tables of a run in other tools' formats."""
