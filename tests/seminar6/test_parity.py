"""Seminar 6's own search and ranking against libraries and formulas written down independently."""

import json

import numpy as np
import pytest

from reference.seminar6_rag.chunking import tokenize
from reference.seminar6_rag.metrics import ndcg
from reference.seminar6_rag.reranking import fit_logistic, rerank
from reference.seminar6_rag.search import BM25

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.8, 1.0), (2.0, 0.0)])
def test_bm25_is_the_formula_over_scikit_learns_counts(k1, b):
    from sklearn.feature_extraction.text import CountVectorizer

    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(40)]
    documents = [list(rng.choice(words, size=rng.integers(1, 60))) for _ in range(80)]
    queries = [list(rng.choice(words, size=4)) for _ in range(15)]
    counter = CountVectorizer(analyzer=lambda one: one)
    counts = counter.fit_transform(documents).toarray().astype(float)  # N, V
    asked = counter.transform(queries).toarray()  # Q, V
    holding = (counts > 0).sum(axis=0)
    idf = np.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
    lengths = counts.sum(axis=1, keepdims=True)
    damping = k1 * (1 - b + b * lengths / lengths.mean())
    expected = asked @ (idf * counts * (k1 + 1) / (counts + damping)).T  # Q, N
    index = BM25(documents, k1, b)
    got = np.stack([index.scores(query) for query in queries])
    assert np.allclose(got, expected, rtol=1e-12)


def test_ndcg_is_scikit_learns():
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(6)
    for k in (1, 3, 10, 30):
        gains = rng.integers(0, 4, size=30).astype(float)
        scores = rng.permutation(30).astype(float)
        ranking = [f"d{at}" for at in np.argsort(-scores)]
        told = {f"d{at}": gain for at, gain in enumerate(gains)}
        assert ndcg(ranking, told, k) == pytest.approx(ndcg_score([gains], [scores], k=k))


@pytest.mark.parametrize("l2", [0.05, 1.0, 30.0])
def test_logistic_regression_is_scikit_learns(l2):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(7)
    rows = rng.normal(size=(300, 4)) + np.array([0, 5, 0, 0])
    labels = (rows @ [1.5, -0.5, 0, 2] + rng.normal(size=300) > 0).astype(int)
    weights, bias = fit_logistic(rows, labels, l2)
    theirs = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=5000).fit(rows, labels)
    assert weights == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert bias == pytest.approx(theirs.intercept_[0], abs=1e-3)
    ids = [f"d{at}" for at in range(20)]
    chances = theirs.predict_proba(rows[:20])[:, 1]
    got = rerank(ids, rows[:20], weights, bias)
    assert [one for one, _ in got] == [ids[at] for at in np.argsort(-chances, kind="stable")]
    assert [chance for _, chance in got] == pytest.approx(sorted(chances, reverse=True), abs=1e-4)


@pytest.mark.model
def test_minilm_by_hand_gives_sentence_transformers_vectors():
    from sentence_transformers import SentenceTransformer

    from graders.assets import ensure_data, ensure_embedder
    from reference.seminar6_rag.embedding import MiniLM

    lines = (ensure_data("documentation") / "documents.jsonl").read_text().splitlines()[:12]
    texts = [json.loads(line)["document"] for line in lines] + ["Short.", "ёж"]
    ours = MiniLM(ensure_embedder())(texts)
    theirs = SentenceTransformer(str(ensure_embedder()), device="cpu").encode(
        texts, normalize_embeddings=True
    )
    assert np.abs(ours - theirs).max() < 1e-5
    alone = np.concatenate([MiniLM(ensure_embedder())([text]) for text in texts[-2:]])
    assert np.abs(alone - ours[-2:]).max() < 1e-5  # padding has no say


def test_the_multilingual_embedder_tells_languages_meanings_apart():
    from reference.seminar6_rag.embedding import multilingual

    queries, passages = multilingual()
    notes = ["Введите пароль точки доступа Wi-Fi.", "Корзина хранит стёртые файлы."]
    cosines = queries(["Как восстановить удалённое?", "wireless network"]) @ passages(notes).T
    assert cosines.shape == (2, 2)
    assert cosines[0, 1] > cosines[0, 0]
    assert cosines[1, 0] > cosines[1, 1]


def test_words_of_the_corpus_are_words():
    assert tokenize("def set_params(self, *, deep=True)") == [
        "def", "set", "params", "self", "deep", "true",
    ]  # fmt: skip
