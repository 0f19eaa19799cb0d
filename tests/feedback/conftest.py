import pytest

from graders.feedback import student_page
from tests.feedback import sample
from tests.feedback.pagetext import Page

LINKS = {"ru": "index.html", "en": "index.en.html"}


@pytest.fixture(params=["ru", "en"])
def lang(request):
    return request.param


@pytest.fixture(scope="session")
def toy_locale(tmp_path_factory):
    return sample.catalogues(tmp_path_factory.mktemp("locale"))


@pytest.fixture
def words(toy_locale, lang):
    return sample.words(toy_locale, lang)


@pytest.fixture
def russian(toy_locale):
    return sample.words(toy_locale, "ru")


@pytest.fixture
def told(russian):
    """Return the text of the Russian page of a work or a context."""

    def tell(work):
        context = work if isinstance(work, sample.PageContext) else sample.context(work)
        return Page(student_page(context, russian, LINKS)).text

    return tell
