"""The competition's sample class: invented teams, what they hand in, and what must come of it."""
