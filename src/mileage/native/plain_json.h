/* A walk over JSON text. Each function stops behind what it names, or returns false. */
#ifndef MILEAGE_PLAIN_JSON_H
#define MILEAGE_PLAIN_JSON_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const unsigned char *at, *end;
} Json;

void json_blanks(Json *json);

/* One sign, with blanks before it. */
bool json_take(Json *json, unsigned char wanted);

/* Begins behind the opening quote; *plain tells whether there was no escape. */
bool json_string(Json *json, bool *plain);

/* Exactly these letters: true, false, null. */
bool json_word(Json *json, const char *wanted);

/* Any value, however it is nested; up to a depth, so without recursion. */
bool json_pass(Json *json);

#endif
