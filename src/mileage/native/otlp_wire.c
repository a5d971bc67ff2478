/* The bytes of protobuf, the letters of texts, and the one way to write an instant. */
#include "otlp_logs.h"

#include <string.h>

enum wire_type { VARINT = 0, FIXED64 = 1, PIECE = 2, FIXED32 = 5 };

#define ONES 0x0101010101010101ULL
#define HIGH (ONES * 0x80)

static size_t left(const Wire *wire) { return (size_t)(wire->end - wire->at); }

bool wire_long_varint(Wire *wire, uint64_t *number) {
    uint64_t held = 0;
    for (int shift = 0; shift < 70 && wire->at < wire->end; shift += 7) {
        const Byte byte = *wire->at++;
        if (shift == 63 && byte > 1)
            return false;
        held |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *number = held;
            return true;
        }
    }
    return false;
}

bool wire_fixed64(Wire *wire, uint64_t *number) {
    if (left(wire) < 8)
        return false;
    uint64_t held = 0;
    for (int i = 7; i >= 0; i--)
        held = held << 8 | wire->at[i];
    wire->at += 8;
    *number = held;
    return true;
}

bool wire_skip(Wire *wire, uint32_t tag) {
    uint64_t number;
    Wire piece;
    switch (tag & 7) {
    case VARINT:
        return wire_varint(wire, &number);
    case FIXED64:
        return wire_fixed64(wire, &number);
    case PIECE:
        return wire_piece(wire, &piece);
    case FIXED32:
        if (left(wire) < 4)
            return false;
        wire->at += 4;
        return true;
    default:
        return false;
    }
}

/* Whether one of eight bytes is no printable ASCII; may be wrong above one that is. */
static uint64_t odd_letters(uint64_t eight) {
    const uint64_t delete = eight ^ (ONES * 0x7F);
    return (eight | ((eight - ONES * 0x20) & ~eight) | ((delete - ONES) & ~delete)) & HIGH;
}

static bool next_character(Wire *text) {
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const Byte first = *text->at++;
    if (first < 0x80)
        return true;
    const int size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left(text) < (size_t)size - 1)
        return false;
    uint32_t code = first & (0x7F >> size);
    for (int i = 1; i < size; i++, text->at++) {
        if ((*text->at & 0xC0) != 0x80)
            return false;
        code = code << 6 | (*text->at & 0x3F);
    }
    return code >= LEAST[size] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

enum letters letters_of(Wire text, size_t *characters) {
    const Byte *const began = text.at;
    while (left(&text) >= 8) {
        uint64_t eight;
        memcpy(&eight, text.at, 8);
        if (odd_letters(eight))
            break;
        text.at += 8;
    }
    enum letters found = PRINTABLE;
    *characters = (size_t)(text.at - began);
    while (text.at < text.end) {
        const Byte byte = *text.at;
        if (byte >= 0x80)
            found = WIDE;
        else if ((byte < 0x20 || byte == 0x7F) && found == PRINTABLE)
            found = UNPRINTABLE;
        if (!next_character(&text))
            return BROKEN;
        ++*characters;
    }
    return found;
}

/* Reads exactly so many digits. */
static bool digits(Wire *text, int count, int64_t *number) {
    if (left(text) < (size_t)count)
        return false;
    int64_t held = 0;
    for (int i = 0; i < count; i++) {
        const Byte byte = *text->at++;
        if (byte < '0' || byte > '9')
            return false;
        held = held * 10 + (byte - '0');
    }
    *number = held;
    return true;
}

static bool sign(Wire *text, char wanted) {
    return text->at < text->end && *text->at++ == (Byte)wanted;
}

/* Days since 1970 of a date of the Gregorian calendar; 1970 itself is left to others,
 * as 0 stands for no time. */
static bool days_of(int64_t year, int64_t month, int64_t day, int64_t *days) {
    static const int BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    if (year < 1971 || month < 1 || month > 12)
        return false;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int longer = leap && month == 2;
    if (day < 1 || day > BEFORE[month] - BEFORE[month - 1] + longer)
        return false;
    const int64_t past = year - 1;
    const int64_t leaps = past / 4 - past / 100 + past / 400 - 477;
    *days = (year - 1970) * 365 + leaps + BEFORE[month - 1] + (leap && month > 2) + day - 1;
    return true;
}

/* What may stand between the seconds and the Z. */
static bool fraction(Wire *text, int64_t *micros) {
    *micros = 0;
    if (left(text) == 1)
        return true;
    if (!sign(text, '.'))
        return false;
    const bool thousandths = left(text) == 4;
    if (!digits(text, thousandths ? 3 : 6, micros))
        return false;
    if (thousandths)
        *micros *= 1000;
    return true;
}

bool stamp_micros(Wire text, int64_t *micros) {
    int64_t year, month, day, hour, minute, second, part, days;
    const bool written = digits(&text, 4, &year) && sign(&text, '-') && digits(&text, 2, &month) &&
                         sign(&text, '-') && digits(&text, 2, &day) && sign(&text, 'T') &&
                         digits(&text, 2, &hour) && sign(&text, ':') && digits(&text, 2, &minute) &&
                         sign(&text, ':') && digits(&text, 2, &second) && fraction(&text, &part) &&
                         sign(&text, 'Z') && text.at == text.end;
    if (!written || hour > 23 || minute > 59 || second > 59 || !days_of(year, month, day, &days))
        return false;
    *micros = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000 + part;
    return true;
}
