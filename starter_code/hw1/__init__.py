"""HW1: adapt a small language model to one task, from raw headlines to an honest report.

Read in this order: `data` (clean, split, guard against leaks), `training` (prompt, masking, loss,
LoRA, the loop), `evaluation` (answers, metrics, intervals, tests), `analysis` (errors).
"""
