"""The map of the programme is whole: every topic, word for word, and what it names exists."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tools.course_map import PAGE, page

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference"
TOPICS = tomllib.loads((ROOT / "docs/course/topics.toml").read_text("utf-8"))["seminar"]

# The seminars' lines of the course's programme, as its author published them.
PROGRAMME = {
    1: "Разбор готовой модели в Transformers: токенизация, генерация, sampling vs beam search, "
    "базовые эксперименты с качеством и стабильностью.",
    2: "Мини-пайплайн обучения/дообучения: подготовка датасета, обучение небольшой модели или "
    "дообучение готовой, анализ примеров генерации и ошибок.",
    3: "Практика LoRA/QLoRA на задаче (классификация/суммаризация/инструкции). Сравнение с "
    "базовой моделью и разбор ошибок.",
    4: "Эксперименты с предпочтениями: формирование пар, обучение/дообучение, проверка "
    "устойчивости и типовых отказов.",
    5: "Построение мини-бенчмарка: метрики, тест-набор, абляции, отчет по ошибкам и выводы.",
    6: "Сборка RAG-прототипа: индексация, поиск, переранжирование, шаблоны запросов, защита от "
    "промпт-инъекций (база).",
    7: "Практический бенчмарк: latency/throughput, сравнение режимов инференса, итоговая "
    "оптимизация прототипа.",
}
# What a student of each seminar writes.
FUNCTIONS = {
    1: "encode_chat greedy top_k_filter top_p_filter min_p_filter sample beam_search "
    "sequence_logprob distinct_n self_bleu stability",
    2: "normalize exact_dedup minhash_lsh mask_pii quality_filter contamination_ngrams group_split "
    "chat_mask pack train_step overfit_one_batch",
    3: "LoRALinear inject merge nf4_quantize nf4_dequantize train_lora compare_with_base",
    4: "build_pairs sequence_logps dpo_loss orpo_loss refusal_rate red_team",
    5: "exact_match token_f1 rouge_l mc_loglikelihood bootstrap_ci paired_permutation cohen_kappa "
    "parse_verdict swap_consistency leave_one_context_out report",
    6: "chunk bm25 dense_index rrf rerank pack_context prompt cite guard call_tool agent_loop",
    7: "prefill decode Scheduler ttft tpot throughput int8_quantize int4_quantize "
    "speculative_generate serve",
}
BY_NUMBER = {seminar["number"]: seminar for seminar in TOPICS}


def defined(file):
    """Return the functions and classes at a module's top."""
    tree = ast.parse(file.read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize("number", PROGRAMME)
def test_every_word_of_the_seminars_line_is_a_topic(number):
    line = BY_NUMBER[number]["line"]
    assert line == PROGRAMME[number]
    rest = line
    for entry in BY_NUMBER[number]["topic"]:
        assert entry["topic"] in rest, entry["topic"]
        rest = rest.replace(entry["topic"], "", 1)
    assert re.findall(r"\w+", rest) in ([], ["и"])


@pytest.mark.parametrize("number", PROGRAMME)
def test_what_covers_a_topic_exists_in_the_seminars_own_package(number):
    for kind in ("topic", "more"):
        for entry in BY_NUMBER[number].get(kind, ()):
            assert entry["where"], entry["topic"]
            assert entry["en"]
            for place in entry["where"]:
                file, name = place.split(":")
                assert file.startswith(f"seminar{number}_"), place
                assert name in defined(REFERENCE / file), place


@pytest.mark.parametrize("number", FUNCTIONS)
def test_every_function_of_the_courses_table_is_there_where_students_write(number):
    (folder,) = REFERENCE.glob(f"seminar{number}_*")
    modules = (one for one in folder.glob("*.py") if "# zachetka: solution" in one.read_text())
    written = set().union(*map(defined, modules))
    assert set(FUNCTIONS[number].split()) - written == set()


def test_all_seven_are_there_once_in_order():
    assert [seminar["number"] for seminar in TOPICS] == list(PROGRAMME)


def test_the_page_is_what_the_topics_give():
    assert PAGE.read_text("utf-8") == page()
