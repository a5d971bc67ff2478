"""Checkpoints outside: a folder, a webhook, a mail server."""

from __future__ import annotations

import http.server
import logging
import socketserver
import threading
from contextlib import contextmanager
from ipaddress import ip_network

import pytest

from mileage.cli.options import control_in
from mileage.domain.audit_policy import AuditPolicy
from mileage.domain.errors import Unavailable
from mileage.wiring import outside
from mileage.wiring.outside import Checkpointing, send
from tests.log_mutations import fill

NOTE = "mileage-x/access\n7\nAAAA\n\n\N{EM DASH} mileage-x AAAA\n"
HERE = (ip_network("127.0.0.0/8"),)


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length).decode()
        told = (self.path, self.headers["X-Checkpoint"], self.headers["Host"], body)
        self.server.told.append(told)
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    server.told, server.status = [], 204
    with running(server):
        yield server


def at(hook, **also):
    port = hook.server_address[1]
    return AuditPolicy(webhook=f"http://127.0.0.1:{port}/in?x=1", **also)


def test_a_file_of_its_own_that_nobody_overwrites(tmp_path):
    policy = AuditPolicy(folder=str(tmp_path))
    send(policy, "access", NOTE)
    send(policy, "access", NOTE.replace("AAAA", "BBBB"))
    (file,) = tmp_path.iterdir()
    assert file.name == "access-000000000007.checkpoint"
    assert file.read_text("utf-8") == NOTE


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Unavailable, match="not sent everywhere"):
        send(AuditPolicy(folder=str(tmp_path / "gone")), "access", NOTE)


def test_a_webhook_in_a_network_that_policy_names(hook):
    send(at(hook, webhook_networks=HERE), "access", NOTE)
    ((path, name, host, body),) = hook.told
    assert (path, body) == ("/in?x=1", NOTE)
    assert name == "access-000000000007.checkpoint"
    assert host == f"127.0.0.1:{hook.server_address[1]}"


def test_a_webhook_on_this_machine_is_not_called(hook):
    with pytest.raises(Unavailable, match="not public"):
        send(at(hook), "access", NOTE)
    assert hook.told == []


def test_a_name_is_called_at_the_address_that_was_checked(hook, monkeypatch):
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(outside.socket, "getaddrinfo", resolve)
    port = hook.server_address[1]
    policy = AuditPolicy(webhook=f"http://hook.test:{port}/", webhook_networks=HERE)
    made = outside._resolved("hook.test", port, policy)
    assert (made, asked) == ("127.0.0.1", ["hook.test"])
    with pytest.raises(Unavailable, match="not public"):
        send(AuditPolicy(webhook=f"https://hook.test:{port}/"), "access", NOTE)
    assert hook.told == []


def test_one_address_of_a_name_that_is_not_allowed_is_enough(monkeypatch):
    found = [(2, 1, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(outside.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Unavailable, match="not public"):
        send(AuditPolicy(webhook="https://both.test/"), "access", NOTE)


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_an_answer_that_is_no_success_is_a_failure_and_nobody_follows_it(hook, status):
    hook.status = status
    with pytest.raises(Unavailable, match=f"answered {status}"):
        send(at(hook, webhook_networks=HERE), "access", NOTE)
    assert len(hook.told) == 1


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes."""

    def handle(self):
        self.say("220 here")
        content = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if content is not None:
                if line == ".":
                    self.server.told.append("\n".join(content))
                    content = None
                    self.say("250 kept")
                else:
                    content.append(line)
            elif line.upper() == "DATA":
                content = []
                self.say("354 go on")
            elif line.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 here")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


def test_mail():
    server = socketserver.TCPServer(("127.0.0.1", 0), Mail)
    server.told = []
    with running(server) as port:
        policy = AuditPolicy(
            mail_to=("a@x.example", "b@x.example"),
            mail_from="m@x.example",
            mail_server=f"127.0.0.1:{port}",
        )
        send(policy, "changes", NOTE.replace("access", "changes"))
    (message,) = server.told
    assert "Subject: Checkpoint changes-000000000007.checkpoint" in message
    assert "To: a@x.example, b@x.example" in message


def test_one_way_that_fails_does_not_keep_the_others_from_it(hook, tmp_path):
    policy = at(hook, webhook_networks=HERE, folder=str(tmp_path / "gone"))
    with pytest.raises(Unavailable):
        send(policy, "access", NOTE)
    assert len(hook.told) == 1


def test_the_server_signs_when_it_stops(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    with control_in(tmp_path / "data") as control:
        policy = AuditPolicy(folder=str(folder))
        with Checkpointing(control, tmp_path / "data", policy):
            fill(control, 1, 5)
        assert [one.name for one in folder.iterdir()] == [
            "access-000000000005.checkpoint"
        ]


def test_a_failure_is_a_warning(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    with control_in(tmp_path) as control:
        fill(control, 1, 2)
        policy = AuditPolicy(folder=str(tmp_path / "gone"))
        Checkpointing(control, tmp_path, policy).once()
        (tmp_path / "audit.key").chmod(0o644)
        Checkpointing(control, tmp_path, policy).once()
    assert "was not sent everywhere" in caplog.text
    assert "no checkpoint was made" in caplog.text
