"""Seminar 3: LoRA and QLoRA by hand, on a task where one can tell whether they helped.

Read in this order: `lora` (the two factors, put into a model and folded back), `nf4` (four bits a
weight and what they cost), `qlora` (a frozen linear layer of such weights, and a count of the
memory), `training` (the loop that touches A and B alone and stops before it learns by heart),
`comparison` (is it better than the base, and what did it forget). `task` puts headlines as a
question of one token, `run` makes the experiment, `tour` shows each piece in a moment.
"""
