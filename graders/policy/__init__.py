"""Late penalties, counted submissions, choices and the final grade: pure functions."""
