"""The grading engine of zachetka: intake, jail, hidden tests, policy, gradebook and feedback."""

__version__ = "0.1.0"
