"""Seminar 4: preferences, and what they do to a model beyond what was asked.

Pairs of a better and a worse answer are formed out of candidates (`pairs`), scored by the model
(`losses`), and used to train it by DPO and ORPO (`training`). Then the model is examined as it
would be before a release: what it refuses and should not, what it answers and should not
(`refusals`), and how little it takes to talk it round (`red_team`). `run` does all of it with a
real model and real data; `tour` shows each piece on a toy.
"""
