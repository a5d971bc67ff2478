/* JSON as its standard (RFC 8259) has it, and nothing else: a walk without objects. */
#include "plain_json.h"

#include <stddef.h>

#define MAX_DEPTH 60
/* Of a whole part and of an exponent: nobody can build a number above 1e308. */
#define MAX_DIGITS 200
#define MAX_EXPONENT_DIGITS 2

static bool escape(Json *json) {
    if (json->end - json->at < 2)
        return false;
    unsigned char sign = json->at[1];
    if (sign != 'u') {
        json->at += 2;
        return sign == 'n' || sign == '"' || (sign != 0 && strchr("\\/bfrt", sign) != NULL);
    }
    if (json->end - json->at < 6)
        return false;
    for (int i = 2; i < 6; i++) {
        unsigned char hex = json->at[i];
        if (!((hex >= '0' && hex <= '9') || ((hex | 32) >= 'a' && (hex | 32) <= 'f')))
            return false;
    }
    bool surrogate = (json->at[2] | 32) == 'd' && json->at[3] >= '8';
    json->at += 6;
    return !surrogate; /* halves of pairs need mending */
}

#if defined(__SSE2__)
#include <emmintrin.h>

/* As far as the next quote, backslash or control sign, in steps of 16. */
static inline const unsigned char *ordinary(const unsigned char *at, const unsigned char *end) {
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)at);
        __m128i below = _mm_cmpeq_epi8(_mm_min_epu8(text, control), text);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash));
        int found = _mm_movemask_epi8(_mm_or_si128(below, ends));
        if (found != 0)
            return at + __builtin_ctz((unsigned)found);
    }
    return at;
}
#else
#define EACH(byte) (0x0101010101010101ULL * (byte))
#define ZEROS(word) (((word) - EACH(1)) & ~(word) & EACH(0x80))

/* Not further than the next quote, backslash or control sign, in steps of 8. */
static inline const unsigned char *ordinary(const unsigned char *at, const unsigned char *end) {
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t found = ZEROS(word ^ EACH('"')) | ZEROS(word ^ EACH('\\')) |
                         ((word - EACH(0x20)) & ~word & EACH(0x80));
        if (found == 0)
            continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        at += __builtin_ctzll(found) >> 3; /* the lowest one is no illusion */
#endif
        break;
    }
    return at;
}
#endif

bool json_string(Json *json, bool *plain) {
    *plain = true;
    for (;;) {
        json->at = ordinary(json->at, json->end);
        if (json->at == json->end)
            return false;
        unsigned char byte = *json->at;
        if (byte == '"') {
            json->at++;
            return true;
        }
        if (byte == '\\') {
            *plain = false;
            if (!escape(json))
                return false;
        } else if (byte < 0x20) {
            return false;
        } else {
            json->at++;
        }
    }
}

/* How many come next. */
static ptrdiff_t digits(Json *json) {
    const unsigned char *start = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at - start;
}

static bool number(Json *json) {
    if (*json->at == '-')
        json->at++;
    const unsigned char *start = json->at;
    ptrdiff_t whole = digits(json);
    if (whole == 0 || whole > MAX_DIGITS || (*start == '0' && whole > 1))
        return false;
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!digits(json))
            return false;
    }
    if (json->at < json->end && (*json->at | 32) == 'e') {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        ptrdiff_t exponent = digits(json);
        return exponent > 0 && exponent <= MAX_EXPONENT_DIGITS;
    }
    return true;
}

static bool scalar(Json *json) {
    bool plain;
    if (json->at == json->end)
        return false;
    switch (*json->at) {
    case '"':
        json->at++;
        return json_string(json, &plain);
    case 't':
        return json_word(json, "true");
    case 'f':
        return json_word(json, "false");
    case 'n':
        return json_word(json, "null");
    default:
        return number(json);
    }
}

static bool key(Json *json) {
    bool plain;
    return json_take(json, '"') && json_string(json, &plain) && json_take(json, ':');
}

/* Pass any value over, however it is nested; up to a depth, so without recursion. */
bool json_pass(Json *json) {
    uint64_t objects = 0; /* one bit a level: an object, or an array */
    int depth = 0;
    for (;;) {
        json_blanks(json);
        bool opened = json->at < json->end && (*json->at == '{' || *json->at == '[');
        if (opened) {
            bool object = *json->at++ == '{';
            if (++depth > MAX_DEPTH)
                return false;
            objects = objects << 1 | object;
            if (!json_take(json, object ? '}' : ']')) {
                if (object && !key(json))
                    return false;
                continue;
            }
            depth--;
            objects >>= 1;
        } else if (!scalar(json)) {
            return false;
        }
        for (;;) { /* behind a value */
            if (depth == 0)
                return true;
            if (json_take(json, ','))
                break;
            if (!json_take(json, objects & 1 ? '}' : ']'))
                return false;
            depth--;
            objects >>= 1;
        }
        if (objects & 1 && !key(json))
            return false;
    }
}
