from __future__ import annotations

import pytest

from mileage.domain.tokens import Tokens
from mileage.sources.genai_usage import (
    ANSWER,
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    KEYS,
    MARKS,
    PROMPT,
    REASONING,
    TOTAL,
    USAGE_OBJECT,
    Unusable,
    inference,
    model,
    usage,
)
from mileage.sources.otlp_record import OtlpRecord, Span

INPUT, OUTPUT = PROMPT[0], ANSWER[0]


def record(**attributes):
    return of(attributes)


def of(attributes):
    span = Span("a" * 32, "b" * 16, "", failed=False)
    return OtlpRecord("traces", "s", "", 1, 1, attributes, {}, span=span)


def tokens(attributes):
    read = usage(of(attributes))
    assert not isinstance(read, Unusable)
    assert read is not None
    return read.tokens


class TestAliases:
    """Every name of a count, as clients of some version write it."""

    @pytest.mark.parametrize("key", PROMPT)
    def test_prompts(self, key):
        assert tokens({key: 100, OUTPUT: 5}) == Tokens(input=100, output=5)

    @pytest.mark.parametrize("key", ANSWER)
    def test_answers(self, key):
        assert tokens({INPUT: 100, key: 5}) == Tokens(input=100, output=5)

    @pytest.mark.parametrize("key", CACHE_READ)
    def test_cache_reads_lie_inside_the_prompt(self, key):
        read = tokens({INPUT: 100, key: 60, OUTPUT: 5})
        assert read == Tokens(input=40, cache_read=60, output=5)

    @pytest.mark.parametrize("key", CACHE_WRITE)
    def test_cache_writes_lie_inside_the_prompt(self, key):
        read = tokens({INPUT: 100, key: 30, OUTPUT: 5})
        assert read == Tokens(input=70, cache_write=30, output=5)

    @pytest.mark.parametrize("key", CACHE_WRITE_1H)
    def test_writes_of_an_hour_are_a_part_of_the_writes(self, key):
        read = tokens({INPUT: 100, CACHE_WRITE[0]: 30, key: 20})
        assert read == Tokens(input=70, cache_write=10, cache_write_1h=20)

    @pytest.mark.parametrize("key", REASONING)
    def test_reasoning_lies_inside_the_answer(self, key):
        read = tokens({INPUT: 100, OUTPUT: 50, key: 20})
        assert read == Tokens(input=100, output=30, reasoning=20)

    @pytest.mark.parametrize("key", TOTAL)
    def test_a_total_alone_belongs_to_no_class(self, key):
        assert usage(of({key: 100})) is None

    @pytest.mark.parametrize("key", TOTAL)
    def test_a_total_tells_the_part_that_was_not_sent(self, key):
        assert tokens({key: 100, INPUT: 90}) == Tokens(input=90, output=10)
        assert tokens({key: 100, OUTPUT: 10}) == Tokens(input=90, output=10)

    def test_two_names_of_one_count_are_not_added(self):
        both = {INPUT: 100, PROMPT[1]: 100, OUTPUT: 5, ANSWER[1]: 5}
        assert tokens(both) == Tokens(input=100, output=5)

    def test_of_two_names_one_of_which_says_0_the_other_counts(self):
        read = tokens({INPUT: 100, CACHE_READ[0]: 0, CACHE_READ[1]: 60, OUTPUT: 5})
        assert read.cache_read == 60

    def test_no_key_has_two_meanings(self):
        groups = (PROMPT, ANSWER, TOTAL, CACHE_READ, CACHE_WRITE, REASONING)
        assert sum(map(len, groups)) + len(CACHE_WRITE_1H) == len(KEYS)
        assert len(MARKS) == len(PROMPT + ANSWER + TOTAL)


class TestConventions:
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            # Everything inside, as the conventions want it.
            (
                {"prompt": 100, "read": 60, "write": 30, "answer": 50, "think": 20},
                Tokens(10, 60, 30, 0, 30, 20),
            ),
            # The cache beside the input: it would not fit inside.
            (
                {"prompt": 10, "read": 60, "write": 30, "answer": 5},
                Tokens(10, 60, 30, 0, 5),
            ),
            ({"prompt": 70, "read": 60, "write": 30}, Tokens(70, 60, 30)),
            # It would fit, but the total says that it is beside.
            (
                {"prompt": 100, "read": 60, "answer": 5, "total": 165},
                Tokens(100, 60, 0, 0, 5),
            ),
            (
                {"prompt": 100, "read": 60, "answer": 5, "total": 105},
                Tokens(40, 60, 0, 0, 5),
            ),
            # Reasoning beside the answer (Gemini): too large, or told by the total.
            ({"prompt": 9, "answer": 5, "think": 20}, Tokens(9, 0, 0, 0, 5, 20)),
            (
                {"prompt": 9, "answer": 50, "think": 20, "total": 79},
                Tokens(9, 0, 0, 0, 50, 20),
            ),
            (
                {"prompt": 9, "answer": 50, "think": 20, "total": 59},
                Tokens(9, 0, 0, 0, 30, 20),
            ),
            # Both beside.
            (
                {"prompt": 9, "read": 4, "answer": 50, "think": 20, "total": 83},
                Tokens(9, 4, 0, 0, 50, 20),
            ),
            # A total that fits nothing decides nothing.
            (
                {"prompt": 100, "read": 60, "answer": 5, "total": 7},
                Tokens(40, 60, 0, 0, 5),
            ),
            # A whole prompt from the cache.
            ({"prompt": 60, "read": 60, "answer": 5}, Tokens(0, 60, 0, 0, 5)),
        ],
    )
    def test_what_lies_inside_is_taken_out(self, sent, expected):
        names = {
            "prompt": INPUT,
            "answer": OUTPUT,
            "total": TOTAL[0],
            "read": CACHE_READ[0],
            "write": CACHE_WRITE[0],
            "think": REASONING[0],
        }
        assert tokens({names[key]: count for key, count in sent.items()}) == expected

    def test_more_writes_of_an_hour_than_writes(self):
        read = tokens({INPUT: 100, CACHE_WRITE[0]: 30, CACHE_WRITE_1H[0]: 40})
        assert read == Tokens(input=70, cache_write_1h=30)

    def test_counts_may_be_texts_or_doubles(self):
        assert tokens({INPUT: "100", OUTPUT: 5.0}) == Tokens(input=100, output=5)

    @pytest.mark.parametrize("absurd", [-1, 1.5, "many", None, True, 10**13, "1" * 40])
    @pytest.mark.parametrize("key", [INPUT, OUTPUT, CACHE_READ[0], REASONING[0]])
    def test_absurd_counts_are_unusable(self, key, absurd):
        read = usage(of({INPUT: 5, OUTPUT: 5, key: absurd}))
        assert isinstance(read, Unusable)

    @pytest.mark.parametrize(
        "attributes",
        [{}, {INPUT: 0}, {INPUT: 0, OUTPUT: 0, TOTAL[0]: 0}, {CACHE_READ[0]: 5}],
    )
    def test_nothing_but_0_is_no_report(self, attributes):
        assert usage(of(attributes)) is None

    @pytest.mark.parametrize(
        ("attributes", "detail"),
        [
            ({}, 0),
            ({CACHE_READ[0]: 0}, 1),
            ({CACHE_WRITE[3]: 7}, 1),
            ({CACHE_READ[2]: 1, CACHE_WRITE[0]: 0}, 2),
        ],
    )
    def test_detail_is_how_many_cache_classes_are_told(self, attributes, detail):
        assert usage(of({INPUT: 9, OUTPUT: 1, **attributes})).detail == detail

    def test_a_call_without_output_is_a_call(self):
        assert tokens({INPUT: 9, OUTPUT: 0}) == Tokens(input=9)
        assert tokens({INPUT: 9}) == Tokens(input=9)


class TestUsageObject:
    def test_the_text_of_a_dictionary_is_read(self):
        (pattern,) = USAGE_OBJECT.values()
        text = (
            "{'completion_tokens': 2127, 'completion_tokens_details': "
            "{'reasoning_tokens': 12}, 'prompt_tokens_details': {'audio_tokens': None, "
            "'cached_tokens': 7, 'cache_creation_tokens': 241, "
            "'cache_creation_token_details': {'ephemeral_5m_input_tokens': 0, "
            "'ephemeral_1h_input_tokens': 241}}}"
        )
        found = {
            group: held
            for match in pattern.finditer(text)
            for group, held in match.groupdict().items()
            if held
        }
        assert found == {
            "cache_read": "7",
            "cache_write": "241",
            "cache_write_1h": "241",
            "reasoning": "12",
        }

    @pytest.mark.parametrize("text", ["'cached_tokens': None", "'cached_tokens': 12x"])
    def test_what_is_no_number_is_not(self, text):
        (pattern,) = USAGE_OBJECT.values()
        assert not pattern.search(text)


class TestInference:
    @pytest.mark.parametrize(
        "attributes",
        [
            {"gen_ai.operation.name": "chat"},
            {"gen_ai.operation.name": "generate_content"},
            {"gen_ai.operation.name": "text_completion"},
            {"gen_ai.operation.name": "embeddings"},
            {"openinference.span.kind": "LLM"},
            {"openinference.span.kind": "EMBEDDING"},
            {"gen_ai.span.kind": "LLM"},
            {"llm.request.type": "chat"},
            {"llm.request.type": "aresponses"},
            {"gen_ai.operation.name": "chat", "llm.request.type": "unheard of"},
            {"gen_ai.operation.name": "chat", "openinference.span.kind": "LLM"},
            {"ai.operationId": "ai.streamText.doStream"},
            {"ai.operationId": "ai.generateText.doGenerate"},
            {"ai.operationId": "ai.generateObject.doGenerate"},
            {"ai.operationId": "ai.embed.doEmbed"},
            {"gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 5},
            {"llm.model_name": "m", "llm.usage.total_tokens": 5},
        ],
    )
    def test_calls(self, attributes):
        assert inference(of(attributes))

    @pytest.mark.parametrize(
        "attributes",
        [
            {},
            {"gen_ai.operation.name": "invoke_agent"},
            {"gen_ai.operation.name": "invoke_workflow"},
            {"gen_ai.operation.name": "create_agent"},
            {"gen_ai.operation.name": "execute_tool"},
            {"gen_ai.operation.name": "llm_call"},
            {"gen_ai.operation.name": "invoke_agent", "llm.request.type": "chat"},
            {"gen_ai.operation.name": 5},
            {"gen_ai.operation.name": None},
            {"openinference.span.kind": "CHAIN"},
            {"openinference.span.kind": "AGENT"},
            {"openinference.span.kind": "TOOL"},
            {"openinference.span.kind": "RERANKER"},
            {"openinference.span.kind": "CHAIN", "gen_ai.operation.name": "chat"},
            {"llm.request.type": "rerank"},
            {"llm.request.type": "unknown"},
            {"traceloop.span.kind": "workflow"},
            {"traceloop.span.kind": "task", "gen_ai.operation.name": "chat"},
            {"ai.operationId": "ai.streamText"},
            {"ai.operationId": "ai.generateObject"},
            {"ai.operationId": "ai.toolCall"},
            {"ai.operationId": "ai.streamText", "gen_ai.operation.name": "chat"},
            {"gen_ai.request.model": "m"},
            {"gen_ai.usage.prompt_tokens": 5},
        ],
    )
    def test_no_calls(self, attributes):
        more = {"gen_ai.usage.input_tokens": 5} if attributes else {}
        if "gen_ai.request.model" in attributes or "gen_ai.usage" in str(attributes):
            more = {}
        assert not inference(of({**more, **attributes}))

    def test_sums_of_an_agent_are_no_usage(self):
        agent = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.aggregated_usage.input_tokens": 5,
            "gen_ai.aggregated_usage.output_tokens": 5,
        }
        assert not inference(of(agent))
        assert usage(of(agent)) is None


class TestModel:
    def test_the_model_that_answered_comes_first(self):
        asked = {"gen_ai.request.model": "asked"}
        assert model(of(asked)) == "asked"
        assert model(of({**asked, "gen_ai.response.model": "gave"})) == "gave"

    @pytest.mark.parametrize("empty", ["", None, 5])
    def test_what_is_no_name_is_passed_over(self, empty):
        said = {"gen_ai.response.model": empty, "llm.model_name": "known"}
        assert model(of(said)) == "known"

    def test_without_any(self):
        assert model(of({})) == ""
