"""Sending checkpoints outside, when it cannot be done: said, logged, never a crash."""

from __future__ import annotations

import logging
from email.message import EmailMessage
from ipaddress import ip_network

import pytest

from mileage.cli.options import control_in
from mileage.domain.audit_policy import AuditPolicy
from mileage.domain.errors import Refused, Unavailable
from mileage.wiring import outside
from mileage.wiring.outside import Checkpointing, send
from tests.log_mutations import fill

NOTE = "mileage-x/access\n7\nAAAA\n\n\N{EM DASH} mileage-x AAAA\n"


class Called(AssertionError):
    """Somebody was called."""


@pytest.fixture(autouse=True)
def nobody_is_called(monkeypatch):
    def refuse(*_, **__):
        raise Called

    monkeypatch.setattr(outside.socket, "create_connection", refuse)


# As a resolver of the C library reads them: no name is looked up for any of these.
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0177.0.0.1"),
        *("0x7f.1", "017700000001", "0", "0.0.0.0", "10.1", "192.168.257"),  # noqa: S104
        *("169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376"),
        *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"),
        *("[::ffff:7f00:1]", "[::FFFF:A9FE:A9FE]", "[fe80::1]", "[fd00::1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "[::127.0.0.1]"),
        "localhost",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_an_address_inside_is_called(host, scheme):
    with pytest.raises(Unavailable, match="not public"):
        send(AuditPolicy(webhook=f"{scheme}://{host}:8470/in"), "access", NOTE)


@pytest.mark.parametrize("host", ["93.184.216.34", "[2606:2800:220:1::1]", "1.1"])
def test_what_is_public_is_called(host):
    with pytest.raises(Called):
        send(AuditPolicy(webhook=f"https://{host}/in"), "access", NOTE)


def test_a_name_with_one_address_inside_is_not_called(monkeypatch):
    addresses = ["93.184.216.34", "2606:2800:220:1::1", "fe80::1%eth0"]
    found = [(2, 1, 6, "", (one, 443)) for one in addresses]
    monkeypatch.setattr(outside.socket, "getaddrinfo", lambda *_, **__: found)
    own = AuditPolicy(webhook_networks=(ip_network("10.0.0.0/8"),))
    with pytest.raises(Refused, match=r"webhook_networks of audit\.toml"):
        outside._resolved("both.test", 443, own)
    found.pop()
    assert outside._resolved("both.test", 443, own) == "93.184.216.34"


@pytest.mark.parametrize(
    "webhook",
    [
        "https://93.184.216.34:99999/",
        "https://93.184.216.34:port/",
        "https://[::1/",
        "https://[x]/",
        "https://a..b.test/",
        f"https://{'x' * 64}.test/",
        "https://",
    ],
)
def test_an_address_that_cannot_be_is_a_failure_like_others(webhook):
    with pytest.raises(Unavailable, match="was not sent everywhere"):
        send(AuditPolicy(webhook=webhook), "access", NOTE)


def test_a_name_that_is_not_found_is_said(monkeypatch):
    def unknown(*_, **__):
        raise outside.socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(outside.socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="Name or service not known"):
        send(AuditPolicy(webhook="https://gone.test/"), "access", NOTE)


class Server:
    """As much of ``smtplib.SMTP`` as it takes."""

    made = ()

    def __init__(self, host, port, *, timeout, **_):
        self.host, self.port, self.timeout = host, port, timeout
        self.secured, self.sent = False, []
        Server.made = (*Server.made, self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def ehlo(self):
        pass

    def has_extn(self, name):
        return name == "starttls"

    def starttls(self, *, context):
        self.secured = context.check_hostname

    def send_message(self, message):
        assert isinstance(message, EmailMessage)
        self.sent.append(message)


MAIL = AuditPolicy(
    mail_to=("a@x.example", "b@x.example"),
    mail_from="m@x.example",
    mail_server="mail.x.example:587",
)


@pytest.fixture
def mail_server(monkeypatch):
    monkeypatch.setattr(Server, "made", ())
    monkeypatch.setattr(outside.smtplib, "SMTP", Server)
    return Server


def test_mail_is_encrypted_where_the_server_can(mail_server):
    send(MAIL, "access", NOTE)
    (server,) = mail_server.made
    assert (server.host, server.port) == ("mail.x.example", 587)
    assert 0 < server.timeout <= 60
    assert server.secured
    (message,) = server.sent
    assert message["To"] == "a@x.example, b@x.example"
    assert NOTE in message.get_content()


def test_a_mail_server_that_refuses_is_a_failure(mail_server, monkeypatch):
    def refuse(*_):
        raise outside.smtplib.SMTPRecipientsRefused({"a@x.example": (550, b"no")})

    monkeypatch.setattr(Server, "send_message", refuse)
    with pytest.raises(Unavailable, match="was not sent everywhere"):
        send(MAIL, "access", NOTE)


def test_every_way_is_tried_and_the_last_failure_told(mail_server, tmp_path):
    policy = AuditPolicy(
        folder=str(tmp_path / "gone"),
        webhook="https://127.0.0.1/",
        mail_to=MAIL.mail_to,
        mail_from=MAIL.mail_from,
        mail_server=MAIL.mail_server,
    )
    with pytest.raises(Unavailable, match="not public"):
        send(policy, "access", NOTE)
    assert len(mail_server.made[0].sent) == 1


def test_nothing_is_sent_where_policy_says_nothing():
    send(AuditPolicy(), "access", NOTE)


@pytest.mark.parametrize(
    ("log", "size", "name"),
    [
        ("access", 1, "access-000000000001.checkpoint"),
        ("changes", 999_999_999_999, "changes-999999999999.checkpoint"),
        ("access", 10**12, "access-1000000000000.checkpoint"),
    ],
)
def test_files_sort_by_the_size_of_the_log(tmp_path, log, size, name):
    send(AuditPolicy(folder=str(tmp_path)), log, NOTE.replace("\n7\n", f"\n{size}\n"))
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("webhook", ["https://127.0.0.1/", "https://x:99999/"])
def test_the_server_goes_on_when_nothing_can_be_sent(tmp_path, caplog, webhook):
    caplog.set_level(logging.WARNING)
    with control_in(tmp_path) as control:
        fill(control, 1, 3)
        with Checkpointing(control, tmp_path, AuditPolicy(webhook=webhook)):
            pass
        assert [one.size for one in control.checkpoints("access")] == [3]
    assert caplog.text.count("was not sent everywhere") == 1
