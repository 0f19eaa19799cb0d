"""Kaggle's real client, against a server on this machine that answers as Kaggle was recorded to."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from graders.core.errors import CourseError, InfraError
from leaderboard.kaggle.imports import read_leaderboard
from leaderboard.kaggle.sync import downloaded, real_client
from tests.kaggle.boards import zip_of

pytestmark = pytest.mark.slow


class Recorded(BaseHTTPRequestHandler):
    """Answers the one request that is made."""

    asked: list = []  # noqa: RUF012 - one server at a time
    status = 200

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        type(self).asked.append((self.path, self.rfile.read(length)))
        self._send()

    def do_GET(self):
        self._send()

    def _send(self):
        content = zip_of() if self.status == 200 else b'{"code": 403, "message": "Forbidden"}'
        self.send_response(self.status)
        kind = "application/zip" if self.status == 200 else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *told):
        """Say nothing."""


@pytest.fixture
def client(monkeypatch, tmp_path):
    """Return Kaggle's client, signed in with an invented token, that speaks with this machine."""
    monkeypatch.setenv("KAGGLE_USERNAME", "teacher")
    monkeypatch.setenv("KAGGLE_KEY", "0" * 32)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk import kaggle_env

    server = HTTPServer(("127.0.0.1", 0), Recorded)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, address)
    Recorded.asked, Recorded.status = [], 200
    api = KaggleApi()
    api.args = ["--local"]
    api.authenticate()
    yield api
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_real_client_brings_a_leaderboard_that_can_be_read(client):
    with downloaded(client, "toy-a") as path:
        board = read_leaderboard(path)
    assert [row.team_id for row in board.teams] == ["101", "102", "103"]
    assert any(b"toy-a" in body for _, body in Recorded.asked)
    assert not path.exists()


def test_a_refusal_of_kaggle_is_told_in_one_sentence(client):
    Recorded.status = 403
    with pytest.raises(InfraError, match="Kaggle gave no leaderboard"), downloaded(client, "toy-a"):
        pass


def test_without_credentials_nothing_is_asked_and_the_way_by_hand_is_named(monkeypatch):
    import kaggle

    monkeypatch.setattr(kaggle.api, "_authenticated", False)
    with pytest.raises(CourseError, match="no Kaggle credentials") as caught:
        real_client()
    assert "kaggle import" in caught.value.todo
