"""Hidden tests: trusted processes that ask a student's process questions."""
