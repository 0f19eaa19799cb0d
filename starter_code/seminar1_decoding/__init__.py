"""Seminar 1: dissect a ready language model, and decode from it by hand.

Read in this order: `chat` (text becomes tokens, and who may write special ones), `filters` (logits
become a distribution to draw from), `reading` (a batch goes through the model, left-padded and
cached), `decoding` (greedy and sampling), `beam` (a sequence's probability and the search for a
likely one), `measures` (diversity and stability), `dissect` (what the model is made of). `run`
puts sampling against beam search on real prompts; `tour` shows each function on a toy.
"""
