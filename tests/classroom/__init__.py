"""The sample class: invented students, what they hand in, and what must come of it."""
