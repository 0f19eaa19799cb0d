"""Cases and marks to a raw score: pure functions."""
