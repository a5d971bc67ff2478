/* A walk over JSON text. Each function stops behind what it names, or returns false. */
#ifndef MILEAGE_PLAIN_JSON_H
#define MILEAGE_PLAIN_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const unsigned char *at, *end;
} Json;

/* Any value, however it is nested; up to a depth, so without recursion, and without
 * numbers that nobody can build. */
bool json_pass(Json *json);

/* Behind the opening quote; *plain tells whether there was no escape. */
bool json_string(Json *json, bool *plain);

static inline void json_blanks(Json *json) {
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\r'))
        json->at++;
}

/* One sign, with blanks before it. */
static inline bool json_take(Json *json, unsigned char wanted) {
    json_blanks(json);
    if (json->at == json->end || *json->at != wanted)
        return false;
    json->at++;
    return true;
}

/* Exactly these letters. */
static inline bool json_letters(Json *json, const char *wanted, size_t length) {
    if ((size_t)(json->end - json->at) < length || memcmp(json->at, wanted, length) != 0)
        return false;
    json->at += length;
    return true;
}

#define json_word(json, word) json_letters(json, word, sizeof word - 1)

#endif
