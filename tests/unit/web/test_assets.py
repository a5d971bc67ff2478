from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from mileage.web import assets

ROOT = Path(__file__).resolve().parents[3]
LOCKS = (
    ROOT / "src/mileage/web/static/vendor/vendor.lock",
    ROOT / "tests/e2e/vendor/vendor.lock",
    ROOT / "src/mileage/web/fonts/vendor.lock",
)
TEMPLATES = ROOT / "src/mileage/web/templates"


@pytest.fixture(scope="module")
def client():
    app = Starlette(routes=[Route("/static/{name:path}", assets.static_file)])
    return TestClient(app)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.parent.name)
def test_vendored_files_are_what_the_lock_says(lock):
    lines = json.loads(lock.read_text())
    for line in lines:
        assert set(line) == {"file", "name", "version", "licence", "sha256"}
        body = (lock.parent / line["file"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == line["sha256"], line["file"]
    there = {path.name for path in lock.parent.iterdir()} - {lock.name}
    assert there == {line["file"] for line in lines}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.parent.name)
def test_locks_name_a_licence_and_no_address(lock):
    assert "://" not in lock.read_text()
    licences = [
        line for line in json.loads(lock.read_text()) if "LICENSE" in line["file"]
    ]
    assert licences


def test_no_template_or_stylesheet_names_another_host():
    own = [*TEMPLATES.glob("*.html"), ROOT / "src/mileage/web/static/app.css"]
    assert len(own) > 8
    for path in own:
        assert not re.search(r"(https?:)?//\w", path.read_text()), path.name


def test_no_template_has_a_script_of_its_own_or_a_style_attribute():
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        ours = text.count("<script src=\"{{ asset('live.js') }}\" defer></script>")
        assert text.count("<script") == ours == (path.name == "board.html"), path.name
        assert not re.search(r"\sstyle=|\son\w+=|javascript:", text), path.name


def test_addresses_change_with_the_content(tmp_path):
    (tmp_path / "a.css").write_text("a{}")
    before = assets.load(tmp_path)["a.css"]
    (tmp_path / "a.css").write_text("b{}")
    after = assets.load(tmp_path)["a.css"]
    assert before.version != after.version
    assert re.fullmatch(r"[0-9a-f]{8}", after.version)


def test_only_known_kinds_of_files_are_served(tmp_path):
    (tmp_path / "vendor.lock").write_text("[]")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/b.svg").write_text("<svg/>")
    assert set(assets.load(tmp_path)) == {"deeper/b.svg"}


def test_a_wrong_name_in_a_template_is_an_error():
    with pytest.raises(KeyError):
        assets.address("nothing.css")


def test_the_right_version_may_be_kept_for_ever(client):
    answer = client.get(assets.address("app.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.content == assets.ASSETS["app.css"].body


@pytest.mark.parametrize("query", ["", "?v=00000000"])
def test_any_other_version_is_asked_for_again(client, query):
    answer = client.get(f"/static/app.css{query}")
    assert answer.headers["cache-control"] == "no-cache"


def test_the_font_carries_its_version_in_its_name(client):
    css = assets.ASSETS["app.css"].body.decode()
    name = re.search(r'url\("(vendor/[^"]+)"\)', css)[1]
    answer = client.get(f"/static/{name}")
    assert answer.headers["content-type"] == "font/woff2"
    assert "immutable" in answer.headers["cache-control"]
    assert f"/static/{name}" in (TEMPLATES / "base.html").read_text()


@pytest.mark.parametrize(
    "path",
    [
        "/static/nothing.css",
        "/static/../pages.py",
        "/static/%2e%2e/pages.py",
        "/static/vendor/vendor.lock",
        "/static/",
    ],
)
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404
