"""The page of the seminars' results in a real browser: it fits, is readable and loads nothing."""

import json

import pytest

from reference.experiment import Report, Setting
from tests.browser.looking import LOOK, told
from tests.seminars.conftest import COURSE
from tools import seminars

pytestmark = pytest.mark.browser

ANSWER = "The quick brown fox jumps over the lazy dog, again and again. " * 4


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with the pages: one seminar with every kind of result, six without."""
    out = tmp_path_factory.mktemp("seminars")
    report = Report(3, "A run", Setting(out, {}, None, out / "3", 20, 1.0))
    report.budget(steps=300, examples=96, learning_rate=5e-4)
    columns = ["answer", "a long heading of a column", *(f"column {n}" for n in range(12))]
    report.table("wide", columns, [[ANSWER, None, *range(10), True, "[0.91, 1.0]"]] * 3, "Wide")
    report.table("unbroken", ["token", "share"], [["x" * 90, 0.123]], "Without a space")
    report.table("speed", ["mode", "tokens/s"], [["batch 16", 1234.5]], "Speed", timed=True)
    for name in ("one", "two"):
        with report.figure(name, "Loss by step") as (_, axes):
            axes.plot([1, 2, 3], [3.0, 2.0, 1.5], label="train")
            axes.set(xlabel="step", ylabel="loss, nats per token")
            axes.legend()
    report.timing("whole_run", 61.2, "s")
    report.reading("Better: the interval lies above zero.", ANSWER)
    report.finish()
    (out / "3" / "state.json").write_text(json.dumps({"digest": "d", "seconds": 61.2}))
    seminars.write(COURSE, out)
    return out


@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_the_seminars_page_fits_is_readable_and_asks_for_nothing(tab, results, size, scheme, name):
    tab.goto((results / name).as_uri())
    asked = [one for one in tab.trouble if not one.startswith("request: data:")]
    assert asked + told(tab.evaluate(LOOK), scheme) == []
    images = tab.evaluate("[...document.images].map(one => [one.naturalWidth, one.width])")
    assert len(images) == 2
    assert all(natural > 100 and 200 < shown <= size["width"] for natural, shown in images)
