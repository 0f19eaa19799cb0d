"""A leaderboard straight from Kaggle, by Kaggle's own client; nothing is sent there.

Not covered: submissions. A host is not given every team's files by the interface, so they come as
a folder (`imports.read_submissions`).
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from graders.core.errors import CourseError, InfraError


class Client(Protocol):
    """What is used of Kaggle's `KaggleApi`."""

    def competition_leaderboard_download(
        self, competition: str, path: str, quiet: bool = True
    ) -> None:
        """Write `<competition>.zip` into the folder `path`."""


def real_client() -> Client:
    """Return Kaggle's client, signed in with the credentials of this account.

    Raises:
        CourseError: There are no credentials.
        InfraError: Kaggle's package is not installed.
    """
    # Importing the package signs in, and prints a page of advice when it cannot.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            import kaggle
        except ImportError as error:
            raise InfraError(
                "the package kaggle is not installed",
                todo="pip install 'zachetka[compete]'",
            ) from error
    client: Any = kaggle.api
    if not client._authenticated:
        raise CourseError(
            "there are no Kaggle credentials on this account",
            where="~/.kaggle/kaggle.json, KAGGLE_USERNAME and KAGGLE_KEY, or KAGGLE_API_TOKEN",
            todo="Make a token in Kaggle's settings; or download the leaderboard by hand and "
            "give it to `zachetka kaggle import`",
        )
    return client  # type: ignore[no-any-return]  # the package has no types


@contextlib.contextmanager
def downloaded(client: Client, slug: str) -> Iterator[Path]:
    """Give the archive of the present leaderboard, while it is needed.

    Args:
        client: Kaggle's, signed in.
        slug: The competition's name in its address.

    Raises:
        InfraError: Kaggle cannot be reached, or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="zachetka-kaggle-") as folder:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                client.competition_leaderboard_download(slug, folder, quiet=True)
        # Whatever the client meets (network, rights, a changed interface) comes as some class
        # of requests' or its own: the edge of a foreign program.
        except Exception as error:
            raise InfraError(
                f"Kaggle gave no leaderboard ({type(error).__name__}: {str(error)[:200]})",
                where=slug,
                todo="Check the competition's name and your rights, and try again",
            ) from None
        path = Path(folder) / f"{slug}.zip"
        if not path.is_file():
            raise InfraError("Kaggle gave no leaderboard", where=slug, todo="Try again later")
        yield path
