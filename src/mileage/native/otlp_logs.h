/* Log records of OTLP in protobuf: what the walk over the bytes finds, and where.
 *
 * The walk makes no Python object and so needs no interpreter. Everything it returns
 * points into the body. It is strict: what is not exactly what encoders write makes it
 * give up, and the ordinary reader, which knows every rule of protobuf, has the body.
 */
#ifndef MILEAGE_OTLP_LOGS_H
#define MILEAGE_OTLP_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned char Byte;

/* What is left of a message. */
typedef struct {
    const Byte *at, *end;
} Wire;

/* Each takes one item off the front, or returns false: odd or cut short. */
bool wire_long_varint(Wire *wire, uint64_t *number);
bool wire_fixed64(Wire *wire, uint64_t *number);
bool wire_skip(Wire *wire, uint32_t tag);

static inline bool wire_varint(Wire *wire, uint64_t *number) {
    if (wire->at == wire->end || *wire->at >= 0x80)
        return wire_long_varint(wire, number);
    *number = *wire->at++;
    return true;
}

/* The fields of OTLP, and any that it may yet get, have small numbers. */
static inline bool wire_tag(Wire *wire, uint32_t *tag) {
    uint64_t number;
    if (!wire_varint(wire, &number) || number < 8 || number >= 1 << 14)
        return false;
    *tag = (uint32_t)number;
    return true;
}

static inline bool wire_piece(Wire *wire, Wire *piece) {
    uint64_t size;
    if (!wire_varint(wire, &size) || size > (size_t)(wire->end - wire->at))
        return false;
    *piece = (Wire){wire->at, wire->at + size};
    wire->at += size;
    return true;
}

enum letters { PRINTABLE, UNPRINTABLE, WIDE, BROKEN };

/* ASCII that can be printed, other ASCII, other valid UTF-8, or none of these. */
enum letters letters_of(Wire text, size_t *characters);

/* "2026-11-22T01:18:32.872Z", with 0, 3 or 6 digits of a second. */
bool stamp_micros(Wire text, int64_t *micros);

typedef struct {
    const Byte *text;
    size_t size;
} Word;

/* A set of words; each has a number. */
typedef struct {
    Word *words;
    int32_t *slots; /* a power of two of them; -1 is free */
    uint32_t mask;
    int count;
} Words;

/* From a tuple of texts, which must outlive them; -1 with an exception set. */
struct _object;
int words_from(Words *words, struct _object *texts);
void words_free(Words *words);
int word_number(const Words *words, Wire text); /* -1: none of them */

/* NOTHING was sent, and is no scalar that may be kept; a COUNT is an integer from 0 to
 * 10^12, INTEGER any other. ``sources/otlp_columns.py`` knows these bits. */
enum kind {
    NOTHING = 1,
    EMPTY = 2,
    TEXT = 4,
    COUNT = 8,
    INTEGER = 16,
    DOUBLE = 32,
    TRUTH = 64,
    ABSENT = 128
};

/* A declared attribute. */
typedef struct {
    union {
        const Byte *text;
        int64_t integer;
        double number;
    } is;
    uint32_t size;
    uint16_t key;
    uint8_t kind;
    bool wide; /* a text that may yet be unprintable */
} Cell;

typedef struct {
    uint32_t first, count;
} Cells;

/* What the records of one scope of one resource have in common. */
typedef struct {
    Cells resource;
    Wire scope;
    uint32_t group; /* which resource */
} Frame;

typedef struct {
    int64_t micros; /* 0: no time was sent */
    Cells cells;
    uint32_t number, frame;
    int32_t name;
} Row;

typedef struct {
    void *items;
    size_t count, room, size;
} Heap;

typedef struct {
    const Words *names, *keys;
    int name_key, stamp_key;
    size_t most; /* items of a body, fields of a message */
    Heap cells, rows, frames;
    uint32_t *seen; /* by key: in which owner it was found last */
    uint32_t owner, group, records;
    size_t items;
    bool failed; /* out of memory */
} Scan;

/* False when the body is odd, or ``failed``. */
bool scan_logs(Scan *scan, Wire body);
void scan_free(Scan *scan);

#endif
