from __future__ import annotations

from ipaddress import ip_network

import pytest

from mileage.domain.audit_policy import AuditPolicy, Brakes, parse_audit
from mileage.domain.policy import PolicyErrors


def test_nothing_said_is_the_default():
    assert parse_audit("", "audit.toml") == AuditPolicy()


def test_everything_said():
    text = """
    [checkpoint]
    every_minutes = 5
    folder = "/mnt/elsewhere"
    webhook = "http://10.1.2.3:9/x?y=1"
    webhook_networks = ["10.0.0.0/8", "fd00::/8"]
    mail_to = ["council@x.example", "steward@x.example"]
    mail_from = "mileage@x.example"
    mail_server = "mail.x.example:25"
    [brakes]
    people_a_day = 0
    exports_a_day = 7
    """
    assert parse_audit(text, "f") == AuditPolicy(
        every_minutes=5,
        folder="/mnt/elsewhere",
        webhook="http://10.1.2.3:9/x?y=1",
        webhook_networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        mail_to=("council@x.example", "steward@x.example"),
        mail_from="mileage@x.example",
        mail_server="mail.x.example:25",
        brakes=Brakes(0, 7),
    )


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("every_minutes = 0", "checkpoint.every_minutes"),
        ('webhook = "ftp://x.example"', "checkpoint.webhook"),
        ('webhook = "https://user@x.example/"', "checkpoint.webhook"),
        ('webhook = "http://x.example/"', "checkpoint.webhook"),
        ('webhook_networks = ["10.0.0.1/8"]', "checkpoint.webhook_networks"),
        ('webhook_networks = ["anywhere"]', "checkpoint.webhook_networks"),
        ('mail_to = ["nobody"]', "checkpoint.mail_to"),
        ('mail_to = ["a@x.example"]', "checkpoint.mail_to"),
        ('mail_to = ["a@x.example, b@y.example"]', "checkpoint.mail_to"),
        ('mail_server = "mail"', "checkpoint.mail_server"),
        ("fodler = 1", "checkpoint.fodler"),
        ("[brakes]\npeople_a_day = -1", "brakes.people_a_day"),
    ],
)
def test_a_mistake_is_named(line, key):
    with pytest.raises(PolicyErrors) as caught:
        parse_audit(f"[checkpoint]\n{line}\n", "audit.toml")
    assert key in {one.key for one in caught.value.findings}
