"""The command line: wiring, no rules."""
