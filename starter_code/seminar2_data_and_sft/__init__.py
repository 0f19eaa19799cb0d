"""Seminar 2, a mini pipeline of training: from raw text to a model, and to its errors.

`cleaning`, `near_duplicates` and `splitting` make a data set that can be trusted; `sequences`
turns conversations and documents into rows of tokens; `training` learns from them and `taxonomy`
says what is still wrong with what the model writes. `run` does all of it on documentation: it
fine-tunes the small model to summarize, and trains a tiny one from nothing.
"""
