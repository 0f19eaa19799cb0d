"""Seminar 7: inference. Latency and throughput of one model in many modes, and what they cost.

An engine from scratch, small enough to read in an evening: a Llama's forward pass against a
preallocated cache (`model`, `cache`), weights in eight and four bits (`quantize`), continuous
batching (`scheduler`), speculative decoding and prompt lookup (`speculative`), the three numbers
that serving is judged by (`metrics`), and an endpoint that OpenAI's clients can talk to
(`protocol`, `serve`). `run` holds it against transformers' `generate`, mode by mode, and then
speeds up the prototype of seminar 6 with what won.
"""
