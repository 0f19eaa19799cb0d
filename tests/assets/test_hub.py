"""The hub: pinned names, and only files that carry no code. A small hub of our own answers."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from graders.assets import hub

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = ("config.json", "model.safetensors", "pytorch_model.bin", "modeling.py", "run.pkl")
DATA = ("train.jsonl", "public.jsonl", "hidden.jsonl", "loader.py", "rows.pkl")


class Hub(BaseHTTPRequestHandler):
    """Knows one model and one data set; remembers which files were asked for."""

    asked: set[str]

    def _answer(self, body, **headers):
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        repo, _, file = self.path.partition(f"/resolve/{COMMIT}/")
        if file:
            self.asked.add(file)
            tag = hashlib.sha256(file.encode()).hexdigest()
            self._answer(file.encode(), ETag=f'"{tag}"', X_Repo_Commit=COMMIT)
        elif "/o/private" in repo:
            self.send_response(401)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            names = DATA if repo.startswith("/api/datasets") else MODEL
            names = [name for name in names if "o/empty" not in repo or "safe" not in name]
            about = {"id": "o/n", "sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}
            tree = [
                {"type": "file", "path": name, "size": len(name), "oid": "0" * 40} for name in names
            ]
            body = json.dumps(tree if "/tree/" in repo else about).encode()
            self._answer(body, Content_Type="application/json")

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def ask(tmp_path):
    """Return a function that runs code against the hub; its `asked` are the files asked for."""
    Hub.asked = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(call, port=server.server_port):
        code = (
            "from graders.assets import ensure_data, ensure_model\n"
            "from graders.core.errors import CourseError, InfraError\n"
            f"try:\n    print({call})\n"
            "except (CourseError, InfraError) as error:\n"
            "    print(type(error).__name__, error.what, error.where, sep='; ')\n"
        )
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        env = {
            **kept,
            "HF_ENDPOINT": f"http://127.0.0.1:{port}",
            "HF_HOME": str(tmp_path / "hf"),
            "NO_PROXY": "127.0.0.1",
            "ZACHETKA_CACHE": str(tmp_path / "cache"),
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    yield run
    server.shutdown()
    server.server_close()


def test_names_of_the_hub_are_told_from_names_of_packages():
    assert hub.parse("hub:o/n@v1") == hub.HubSpec("o/n", "v1")
    assert hub.parse("hub:o/n") == hub.HubSpec("o/n", "main")
    for other in ("package:n==1", "sarcasm", "hub:n", "hub:o/n/m", "hub:../n@../../x y"):
        assert hub.parse(other) is None


def test_a_revision_cannot_lead_out_of_the_cache():
    for revision in ("../../x", "a/b", ".."):
        folder = hub.HubSpec("o/n", revision).folder
        assert "/" not in folder
        assert folder.startswith("o--n--")


@pytest.mark.slow
def test_only_safe_file_types_are_asked_for(ask):
    folder = Path(ask(f"ensure_model('hub:o/n@{COMMIT}')"))
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert kept == {"config.json", "model.safetensors", "manifest.json"}
    assert Hub.asked == {"config.json", "model.safetensors"}
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (told["hub"], told["revision"]) == ("o/n", COMMIT)


@pytest.mark.slow
def test_a_data_set_from_the_hub_brings_its_three_parts_alone(ask):
    folder = Path(ask(f"ensure_data('hub:o/n@{COMMIT}')"))
    kept = {path.name for path in folder.rglob("*") if path.is_file()}
    assert kept == {"train.jsonl", "public.jsonl", "hidden.jsonl", "manifest.json"}


@pytest.mark.slow
def test_a_model_without_safetensors_is_refused(ask):
    said = ask(f"ensure_model('hub:o/empty@{COMMIT}')")
    assert said == f"CourseError; the repository has no safetensors; hub:o/empty@{COMMIT}"


@pytest.mark.slow
def test_a_repository_that_asks_for_a_login_is_named(ask):
    said = ask("ensure_model('hub:o/private')")
    assert said.startswith("CourseError; the hub has no such repository or revision")


@pytest.mark.slow
def test_a_hub_out_of_reach_is_nobodys_fault_in_the_course(ask):
    assert ask("ensure_model('hub:o/n')", port=9).startswith("InfraError; the hub cannot be reach")
