"""Seminar 6: a RAG prototype, from the document to an answer with sources, and what attacks it.

Read in this order: `chunking` cuts documents, `search` finds by words (BM25) and by meaning (dense
vectors) and fuses both, `metrics` say how well, `reranking` learns to do better, `answering` packs
what was found into a prompt and checks the citations of what comes back, `safety` looks for
instructions that somebody planted in a document, `tools` let the model act within limits.
`assistant` puts it all together; `run` measures it on the documentation of Python libraries.
"""
