"""HW2A: write the one-line summary of a Python object from its documentation, in a competition.

Read in this order: `data` (rows, prompt, masking, split), `training` (batches, loss, LoRA, the
loop), `generation` (greedy answers, one line each), `evaluation` (ROUGE-L, paired intervals, the
table of ablations), `baselines` (what must be beaten), `pipeline` (all of it in one command).
"""
