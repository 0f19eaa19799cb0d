"""Live student processes behind a pipe; knows processes, not courses."""
