"""Seminar 5: a mini benchmark, from one answer to a conclusion that survives a question.

A model is asked six small tasks. `metrics` says how right an answer is, `scoring` reads an answer
out of a model without letting it speak, `stats` says how far a number can be trusted, `judge` lets
a model compare answers and measures the judge, `diagnosis` looks at what makes a benchmark lie
(confident inventions, leaked test items, answers that come from nowhere), and `report` writes the
errors down for a person to read. `run` does all of it on real data; `tour` on a handful of toys.
"""
