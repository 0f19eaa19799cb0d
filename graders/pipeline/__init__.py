"""The story of a submission: intake, run, score, policy, record."""
