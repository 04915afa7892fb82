"""Rules between fields, one module per area of the vocabulary; ``jobs.engine.combinations`` asks them all."""
