"""Models and data that arrive inside packages."""
