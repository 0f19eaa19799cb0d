"""A tour of the seminar's functions on toys: every call takes milliseconds, no base model."""

# %%
from transformers import LlamaConfig, LlamaForCausalLM

from .diagnosis import calibration_error, contaminated, leave_one_context_out
from .judge import parse_verdict, swap_consistency
from .metrics import exact_match, rouge_l, token_f1
from .report import report, report_hash
from .scoring import choose, confidence, mc_loglikelihood
from .stats import bootstrap_ci, cohen_kappa, holm, paired_permutation

# %%
# Metrics see words. The second answer is wrong and scores well; the third is right and does not.
for answer in ("The Eiffel Tower.", "not the Eiffel Tower", "in Paris, on the Champ de Mars"):
    gold = ["Eiffel Tower"]
    print(exact_match(answer, gold), round(token_f1(answer, gold), 2), repr(answer))
print("ROUGE-L, Russian:", round(rouge_l("кошка сидит на окне", "на окне сидит кошка"), 2))

# %%
# Multiple choice without a word generated: what does a random model prefer, and how surely?


class Bytes:
    """A tokenizer of bytes, for a model that knows no words anyway."""

    pad_token_id = 0

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        """Return the bytes of a text; there are no special tokens to add."""
        return {"input_ids": list(text.encode())}


small = LlamaConfig(
    vocab_size=256, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, initializer_range=0.2,
)  # fmt: skip
options = [" louder", " quieter and quieter"]
scores = mc_loglikelihood(
    LlamaForCausalLM(small).eval(),
    Bytes(),
    ["Closer to a speaker, sound waves become"],
    [options],
    8,
)[0]
print("ln P:", [round(score, 1) for score in scores])
print("by sum:", options[choose(scores, options, "sum")])
print("by byte:", options[choose(scores, options, "byte")])
print("confidence:", [round(share, 3) for share in confidence(scores)])

# %%
# 27 of 60 right is .45, and an interval 25 points wide.
right = [1] * 27 + [0] * 33
print("95 % interval:", bootstrap_ci(right, 0.95, 2000, 20))
# In pairs of questions that stand and fall together there are 30 independent ones, not 60.
print("in pairs:     ", bootstrap_ci(right, 0.95, 2000, 20, groups=[i // 2 for i in range(60)]))
better = [1] * 33 + [0] * 27
print("the same 60 items, 6 more right: p =", paired_permutation(right, better, 5000, 20))
print("Holm of .01, .04, .03:", holm([0.01, 0.04, 0.03]))

# %%
# A judge that always takes the first answer agrees with the gold half of the time, for nothing.
print([parse_verdict(text) for text in ("So…\n[[A]]", "The answer says [[B]].", "**[[ c ]]**")])
gold, lazy = ["A", "B", "A", "B"], ["A"] * 4
print("κ of a lazy judge:", cohen_kappa(gold, lazy))
print(swap_consistency(lazy, lazy))

# %%
# Which passage does an answer come from? The score here is a word count; in `run` it is ln P.
passages = ["Oslo is in Norway.", "The code is 7421.", "Rome is in Italy."]
print(leave_one_context_out(lambda shown: float(" ".join(shown).count("7421")), passages))
print("ECE:", round(calibration_error([0.9, 0.9, 0.6, 0.6], [1, 0, 1, 0], 10), 3))
print("leaked:", contaminated(["what is the capital of Norway"], ["so, the capital of Norway"], 4))

# %%
# The report is a page, and its hash does not depend on the order in which things were found.
rows = [
    {"id": "1", "task": "toy", "question": "1 < 2?", "gold": "yes", "answer": "<b>no</b>",
     "correct": 0, "confidence": 0.8, "kind": "reasoning"},
    {"id": "2", "task": "toy", "question": "2 < 3?", "gold": "yes", "answer": "yes",
     "correct": 1, "confidence": 0.7, "kind": ""},
]  # fmt: skip
tasks = [{"task": "toy", "items": 2, "accuracy": 0.5, "low": 0.0, "high": 1.0}]
page = report("A toy report", rows, tasks)
print(len(page), "characters;", "&lt;b&gt;no" in page)
print("same hash:", report_hash(rows, tasks) == report_hash(rows[::-1], tasks))
