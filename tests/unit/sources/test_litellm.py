from __future__ import annotations

import base64
import json

import msgspec
import pytest

from mileage.domain.errors import Invalid, TooLarge
from mileage.sources.litellm import SOURCE
from mileage.sources.litellm_names import (
    agent_of,
    bare_model,
    instant_of,
    provider_ids,
    response_of,
    session_of,
)

ENTRY = {
    "id": "chatcmpl-1",
    "litellm_call_id": "call-1",
    "trace_id": "trace-1",
    "call_type": "acompletion",
    "status": "success",
    "cache_hit": None,
    "startTime": 1_795_000_000.25,
    "model": "openai/gpt-5.1",
    "custom_llm_provider": "openai",
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "response_cost": 0.0123456,
    "metadata": {},
}
USAGE = {
    "prompt_tokens_details": {"cached_tokens": 40, "cache_creation_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 10},
}


def read(*entries):
    return SOURCE.read_body(json.dumps(entries).encode())


def one(**changed):
    (row,) = read({**ENTRY, **changed}).witnesses.rows()
    return row


def refused(**changed):
    reading = read({**ENTRY, **changed})
    assert len(reading.witnesses) == 0
    (rejected,) = reading.rejected
    return rejected


def with_usage(**usage):
    return {"metadata": {"usage_object": {**USAGE, **usage}}}


class TestTokens:
    def test_without_details_everything_is_fresh(self):
        assert one().tokens == (100, 0, 0, 0, 30, 0, 0)

    def test_the_prompt_includes_the_cache_and_the_answer_the_thinking(self):
        assert one(**with_usage()).tokens == (40, 40, 20, 0, 20, 10, 0)

    def test_writes_that_live_an_hour_are_a_part_of_the_writes(self):
        split = {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 15}
        details = {
            **USAGE["prompt_tokens_details"],
            "cache_creation_token_details": split,
        }
        row = one(**with_usage(prompt_tokens_details=details))
        assert row.tokens == (40, 40, 5, 15, 20, 10, 0)

    def test_an_hours_part_is_never_above_the_whole(self):
        split = {"ephemeral_1h_input_tokens": 99}
        details = {
            **USAGE["prompt_tokens_details"],
            "cache_creation_token_details": split,
        }
        row = one(**with_usage(prompt_tokens_details=details))
        assert row.tokens == (40, 40, 0, 20, 20, 10, 0)

    @pytest.mark.parametrize(
        "usage",
        [
            {"cache_read_input_tokens": 40, "cache_creation_input_tokens": 20},
            {"prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 20}},
        ],
    )
    def test_other_places_of_the_same_numbers(self, usage):
        row = one(metadata={"usage_object": usage})
        assert row.tokens == (40, 40, 20, 0, 30, 0, 0)

    def test_the_same_number_in_several_places_counts_once(self):
        row = one(
            **with_usage(cache_read_input_tokens=40, cache_creation_input_tokens=20)
        )
        assert row.tokens == (40, 40, 20, 0, 20, 10, 0)

    @pytest.mark.parametrize(
        ("reasoning", "total", "expected"),
        [
            (10, 130, (20, 10)),
            (10, 140, (30, 10)),
            (10, None, (20, 10)),
            (99, None, (30, 99)),
            (99, 229, (30, 99)),
            (99, 0, (30, 99)),
            # Longer than the answer by LiteLLM's own estimate.
            (99, 130, (0, 30)),
            (0, 130, (30, 0)),
        ],
    )
    def test_thinking_stands_beside_the_answer_only_where_the_total_has_room(
        self, reasoning, total, expected
    ):
        usage = with_usage(
            completion_tokens_details={"reasoning_tokens": reasoning},
            total_tokens=total,
        )
        assert one(**usage)[14:16] == expected
        del usage["metadata"]["usage_object"]["total_tokens"]
        assert one(**usage, total_tokens=total)[14:16] == expected

    def test_parts_above_the_whole_are_refused(self):
        rejected = refused(**with_usage(cache_read_input_tokens=90))
        assert rejected.reason == "cached tokens above prompt tokens"

    @pytest.mark.parametrize("count", [-1, 1.5, "many", True, 10**12 + 1, [], {}])
    def test_what_is_no_count_is_refused(self, count):
        assert refused(prompt_tokens=count).place == "record:1"

    @pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
    def test_counts_must_be_there(self, name):
        assert refused(**{name: None}).reason == "no token counts"


class TestNoUsage:
    @pytest.mark.parametrize(
        "changed",
        [
            {"status": "failure"},
            {"status": "failure", "prompt_tokens": None, "startTime": None},
            {"cache_hit": True},
            {"cache_hit": "True"},
            {"prompt_tokens": 0, "completion_tokens": 0, "call_type": "call_mcp_tool"},
        ],
    )
    def test_is_ignored_and_counted(self, changed):
        reading = read({**ENTRY, **changed})
        assert (len(reading.witnesses), reading.ignored) == (0, 1)
        assert reading.rejected == ()

    @pytest.mark.parametrize("hit", [False, None, "False", "None", ""])
    def test_what_the_provider_answered_is_usage(self, hit):
        assert one(cache_hit=hit).input == 100

    def test_an_answer_without_counts_is_unmeasured_not_zero(self):
        row = one(prompt_tokens=0, completion_tokens=0)
        assert (row.measure, row.tokens.total) == ("unmeasured", 0)
        assert one().measure == ""


class TestIdentity:
    def test_the_call_id_before_the_id(self):
        assert one().key == "call-1"
        assert one(litellm_call_id=None).key == "chatcmpl-1"
        assert one(litellm_call_id=None, metadata={"litellm_call_id": "c2"}).key == "c2"

    def test_calls_of_one_header_are_told_apart_by_their_answers(self):
        """Clients may send ``x-litellm-call-id``, the same one for a whole task."""
        ids = ("chatcmpl-AbCdEfGhIjKlMnOp", "chatcmpl-QrStUvWxYz0123456")
        rows = read(
            {**ENTRY, "id": ids[0]}, {**ENTRY, "id": ids[1], "prompt_tokens": 7}
        )
        assert [row.key for row in rows.witnesses.rows()] == [
            f"call-1:{one}" for one in ids
        ]
        assert [row.input for row in rows.witnesses.rows()] == [100, 7]

    @pytest.mark.parametrize(
        "response", ["chatcmpl-7", "d8f3a91b2c4e4f6a8b0c1d2e3f405162", ""]
    )
    def test_the_call_id_alone_where_a_ledger_may_not_know_the_answers(self, response):
        assert one(id=response).key == "call-1"

    def test_without_any(self):
        reason = refused(litellm_call_id=None, id=None).reason
        assert reason == "neither litellm_call_id nor id"

    @pytest.mark.parametrize(
        ("metadata", "identity"),
        [
            ({"user_api_key_user_email": "a@example.com"}, "a@example.com"),
            ({"user_api_key_user_id": "b@example.com"}, "b@example.com"),
            ({"user_api_key_user_id": "carol"}, "litellm:carol"),
            ({"user_api_key_user_id": "default_user_id"}, ""),
            ({"user_api_key_user_email": {"x": 1}}, ""),
            ({}, ""),
        ],
    )
    def test_whose_key(self, metadata, identity):
        assert one(metadata=metadata).identity == identity

    def test_the_cost_is_kept_as_reported(self):
        assert one().reported_cost == 12_346
        assert one(response_cost=None).reported_cost is None
        assert one(response_cost=-1).reported_cost is None
        assert one(response_cost=1e300).reported_cost is None
        assert one(response_cost=None, spend=0.5).reported_cost == 500_000


class TestBatches:
    BATCH = "batch_6743a1b2c3d4"

    def polled(self, number, **changed):
        return {
            **ENTRY,
            "id": self.BATCH,
            "litellm_call_id": f"poll-{number}",
            "call_type": "aretrieve_batch",
            "startTime": ENTRY["startTime"] + 600 * number,
            **changed,
        }

    def test_asking_for_a_finished_one_again_costs_nothing(self):
        (row,) = read(*(self.polled(number) for number in range(3))).witnesses.rows()
        assert (row.key, row.tier, row.input) == (self.BATCH, "batch", 100)
        assert row.occurred_at == 1_795_000_000_250_000

    def test_the_table_tells_the_same_one(self):
        number = f"{self.BATCH}_batch_cost"
        sent = read(self.polled(0)).witnesses
        stored = read(self.polled(0, id=None, request_id=number)).witnesses
        assert stored == sent

    def test_one_that_still_runs_is_no_usage(self):
        running = self.polled(0, prompt_tokens=0, completion_tokens=0)
        assert read(running).ignored == 1

    def test_the_country_is_kept(self):
        assert (
            one(**self.polled(0, **with_usage(inference_geo="us"))).tier == "batch+us"
        )

    def test_without_an_id_each_is_its_own(self):
        assert one(**self.polled(0, id=None)).key == "poll-0"


class TestTime:
    @pytest.mark.parametrize(
        "when",
        [1_795_000_000.25, "1795000000.25", "2026-11-18T11:06:40.250000+00:00"],
    )
    def test_seconds_or_a_date(self, when):
        assert one(startTime=when).occurred_at == 1_795_000_000_250_000

    @pytest.mark.parametrize("when", [None, "soon", [], -5, 1e300, "nan", {}])
    def test_none(self, when):
        assert refused(startTime=when).reason == "no readable time"

    def test_too_early(self):
        assert refused(startTime=1_500_000_000).reason == "time before 2020-01-01"

    @pytest.mark.parametrize("raw", [b"", b"null", b"true", b'"', b"1e999", b"nan"])
    def test_noise(self, raw):
        assert instant_of(msgspec.Raw(raw)) is None


class TestSession:
    UUID = "11111111-2222-4333-8444-555555555555"

    @pytest.mark.parametrize(
        "user_id",
        [
            f"user_0123_account__session_{UUID}",
            json.dumps({"device_id": "d", "account_uuid": "", "session_id": UUID}),
        ],
    )
    def test_claude_codes_own(self, user_id):
        assert session_of(user_id) == self.UUID
        assert one(end_user=user_id).session == self.UUID
        metadata = {"requester_metadata": {"user_id": user_id}}
        assert one(metadata=metadata).session == self.UUID

    @pytest.mark.parametrize("user_id", ["", "alice", "session_x", "_session_", "{"])
    def test_none(self, user_id):
        assert session_of(user_id) == ""
        assert one(end_user=user_id).session == ""

    def test_one_that_was_sent(self):
        assert one(session_id="s-1").session == "s-1"
        assert one(metadata={"session_id": "s-2"}).session == "s-2"

    def test_of_a_row_only_for_agents_that_name_one(self):
        row = {**ENTRY, "id": None, "request_id": "chatcmpl-1", "session_id": "made-up"}
        (plain,) = read(row).witnesses.rows()
        assert plain.session == ""
        row["metadata"] = {"user_agent": "codex_exec/0.169.0 (Debian)"}
        (codex,) = read(row).witnesses.rows()
        assert codex.session == "made-up"


class TestNames:
    @pytest.mark.parametrize(
        ("user_agent", "expected"),
        [
            ("claude-cli/2.1.197 (external, cli)", ("claude-code", "2.1.197", True)),
            ("codex_exec/0.169.0 (Debian 12)", ("codex", "0.169.0", True)),
            ("codex-tui/1.0", ("codex", "1.0", True)),
            ("GeminiCLI-tui/0.61.0/gemini-2.5-pro", ("gemini-cli", "0.61.0", False)),
            ("QwenCode/0.15.10 (linux; x64)", ("qwen-code", "0.15.10", False)),
            ("opencode/1.18.33 ai-sdk", ("opencode", "1.18.33", False)),
            ("OpenAI/Python 2.54.0", ("", "", False)),
            ("", ("", "", False)),
        ],
    )
    def test_agents(self, user_agent, expected):
        assert agent_of(user_agent) == expected

    @pytest.mark.parametrize(
        ("model", "provider", "bare"),
        [
            ("openai/gpt-5.1", "openai", "gpt-5.1"),
            ("gpt-5.1", "openai", "gpt-5.1"),
            ("openrouter/openai/gpt-5.1", "openrouter", "openai/gpt-5.1"),
            ("claude-opus-4-8[1m]", "anthropic", "claude-opus-4-8"),
            ("openai/gpt-5.1", "", "openai/gpt-5.1"),
        ],
    )
    def test_models(self, model, provider, bare):
        assert bare_model(model, provider) == bare


class TestLink:
    def test_sorted_and_once(self):
        ids = ["req_12345678", "req_12345678", ""]
        assert provider_ids("msg_1", ids) == "msg_1 req_12345678"

    @pytest.mark.parametrize(
        "response_id",
        [
            *("", "a b", "uuid-1", "chatcmpl-1_cache_hit12.5", "msg_" + "x" * 200),
            *("d8f3a91b2c4e4f6a8b0", "id with spaces, but long enough", "x" * 121),
        ],
    )
    def test_what_is_no_id_of_a_provider(self, response_id):
        assert response_of(response_id) == ""

    @pytest.mark.parametrize(
        "response_id",
        [
            *("chatcmpl-7", "msg_01AbCdEfGhIjKlMnOpQrStUv"),
            "d8f3a91b2c4e4f6a8b0c1d2e3f405162",
            "0d9fbb0e-3f1c-4d2a-9a55-0c7c7d0c5f11",
            "VYGYaozsML2K9LsPlNSB2Qs",
        ],
        ids=["numbered", "anthropic", "mistral", "xai", "gemini"],
    )
    def test_a_known_kind_or_a_long_one(self, response_id):
        assert response_of(response_id) == response_id
        assert one(id=response_id).link == response_id

    def test_an_embedding_has_none_but_the_calls(self):
        """Its rows of older versions name nothing else either."""
        number = "44444444-4444-4444-8444-444444444444"
        row = one(id=number, litellm_call_id=number, call_type="aembedding")
        assert (row.key, row.link) == (number, number)
        (old,) = read(
            {**ENTRY, "id": None, "litellm_call_id": None, "request_id": number}
        ).witnesses.rows()
        assert (old.source, old.link) == ("litellm_spend_log", number)

    def test_a_wrapped_response(self):
        inside = "litellm:custom_llm_provider:openai;model_id:m;response_id:resp_abc"
        packed = base64.b64encode(inside.encode()).decode()
        assert response_of(f"resp_{packed}") == "resp_abc"
        assert response_of(f"resp_{packed.rstrip('=')}") == "resp_abc"

    @pytest.mark.parametrize("packed", ["!" * 30, "A" * 31, "x" * 900, "=" * 40])
    def test_one_that_cannot_be_unwrapped(self, packed):
        assert len(response_of(f"resp_{packed}")) <= 125

    def test_never_longer_than_may_be_kept(self):
        assert provider_ids("", ["a" * 120, "b" * 120, "c" * 120]) == ""


class TestContent:
    def test_none_of_it_passes(self):
        said = "s3cr3t"
        reading = read(
            {
                **ENTRY,
                "messages": [{"role": "user", "content": said}],
                "response": {"choices": [said]},
                "error_str": said,
                "model_parameters": {"tools": [said]},
                "metadata": {"requester_metadata": {"headers": {said: said}}},
                said: said,
            },
            {**ENTRY, "prompt_tokens": said},
            {**ENTRY, "metadata": said},
            {**ENTRY, "metadata": {"usage_object": {"prompt_tokens": said}}},
        )
        assert len(reading.witnesses) == 1
        assert len(reading.rejected) == 3
        assert said not in repr(reading)

    def test_half_a_surrogate_pair_costs_no_record(self):
        body = json.dumps([{**ENTRY, "messages": "?"}]).replace('"?"', '"\\ud83d"')
        assert len(SOURCE.read_body(body.encode()).witnesses) == 1


class TestBodies:
    def test_too_many_records(self):
        with pytest.raises(TooLarge, match="smaller"):
            SOURCE.read_body(b"[" + b",".join([b"{}"] * 100_001) + b"]")

    @pytest.mark.parametrize("body", [b"", b"x", b"[", b"[}", b"[{}", b"[{}]x", b"[1]"])
    def test_no_json(self, body):
        with pytest.raises((Invalid, TooLarge)):
            SOURCE.read_body(body)

    def test_repetitions_are_one(self):
        assert len(read(ENTRY, ENTRY, ENTRY).witnesses) == 1


class TestFiles:
    def test_one_that_is_not_there(self, tmp_path):
        (reading,) = SOURCE.read_file(str(tmp_path / "none"), "none")
        assert reading.rejected[0].reason == "No such file or directory"

    @pytest.mark.parametrize(
        "content",
        [b"", b"[", b"[{]", b'{"x": 1', b"\xff\xfe\x00", b'{"data": 1}', b'a,"b'],
    )
    def test_noise_is_refused_with_its_place(self, tmp_path, content):
        path = tmp_path / "noise"
        path.write_bytes(content)
        readings = list(SOURCE.read_file(str(path), "noise"))
        rejected = [one for reading in readings for one in reading.rejected]
        assert rejected
        assert {one.place.partition(":")[0] for one in rejected} == {"noise"}
        assert not [row for reading in readings for row in reading.witnesses.rows()]

    def test_long_files_come_in_parts(self, tmp_path):
        path = tmp_path / "long.ndjson"
        with path.open("w") as stream:
            for number in range(10_500):
                entry = {**ENTRY, "litellm_call_id": f"c{number}", "metadata": "{}"}
                stream.write(json.dumps(entry) + "\n")
        sizes = [len(one.witnesses) for one in SOURCE.read_file(str(path), "long")]
        assert sizes == [10_000, 500]
