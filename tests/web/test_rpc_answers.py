"""What OTLP over gRPC is told, read back with the definitions of googleapis."""

from __future__ import annotations

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)

from mileage.domain.witness import Reading, Rejected
from mileage.web.door_answers import RpcAnswers, code_of
from mileage.web.http_connection import Crowd

ANSWERS = RpcAnswers("traces")


def retry_info(packed):
    status = Status.FromString(packed)
    waits = []
    for detail in status.details:
        info = RetryInfo()
        assert detail.Unpack(info)
        waits.append(info.retry_delay.seconds)
    return status.code, status.message, waits


def test_success_is_an_empty_response():
    for reading in (None, Reading()):
        answer = ANSWERS.accepted(reading)
        assert (answer.code, answer.packed) == (0, b"")


def test_partial_success_counts_and_says_why():
    reading = Reading(rejected=(Rejected("s", "p", "no time"),) * 3)
    answer = ANSWERS.accepted(reading)
    partial = ExportTraceServiceResponse.FromString(answer.packed).partial_success
    assert partial.rejected_spans == 3
    assert partial.error_message == "3 not usable: no time (3)"


@pytest.mark.parametrize(
    ("status", "code"), [(429, 8), (503, 14)], ids=["its rate", "full"]
)
@pytest.mark.parametrize("seconds", [1, 5, 127, 128, 86_400])
def test_later_comes_with_a_retry_info(status, code, seconds):
    answer = ANSWERS.later(status, "later, please", seconds)
    assert answer.code == code
    assert retry_info(answer.packed) == (code, "later, please", [seconds])


@pytest.mark.parametrize(("status", "code"), [(400, 3), (413, 8), (415, 3), (422, 3)])
def test_what_is_not_to_be_repeated_comes_without(status, code):
    answer = ANSWERS.refused(status, "grüße " * 50)
    assert answer.code == code
    assert retry_info(answer.packed) == (code, "grüße " * 50, [])


def test_a_token_is_asked_for():
    answer = ANSWERS.unauthorised("who are you?")
    assert (answer.status, answer.code) == (401, 16)
    assert retry_info(answer.packed) == (16, "who are you?", [])


def test_a_fault_of_ours_is_internal():
    assert code_of(500) == 13


class Connection:
    """Stands for one of uvicorn's; only ever cut off."""

    def __init__(self):
        self.transport = self
        self.cut = False

    def abort(self):
        self.cut = True


class TestCrowd:
    def test_the_one_longest_without_a_request_has_to_go(self):
        crowd = Crowd(3, 1.0)
        first, second, third, fourth = (Connection() for _ in range(4))
        for here, one in enumerate((first, second, third), 1):
            assert crowd.let_in(one, here)
        crowd.leave(first)
        crowd.idle(first)
        assert crowd.let_in(fourth, 4)
        assert [one.cut for one in (first, second, third, fourth)] == [
            False,
            True,
            False,
            False,
        ]

    def test_busy_ones_stay_and_the_newcomer_does_not(self):
        crowd = Crowd(1, 1.0)
        busy, late = Connection(), Connection()
        assert crowd.let_in(busy, 1)
        crowd.leave(busy)
        assert not crowd.let_in(late, 2)
        assert not busy.cut
