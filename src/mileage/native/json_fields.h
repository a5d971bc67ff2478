/* The fields of a line of JSON that matter, and reading a plain line into columns. */
#ifndef MILEAGE_JSON_FIELDS_H
#define MILEAGE_JSON_FIELDS_H

#include "plain_json.h"
#include "scan.h"

#define MAX_NODES 63
#define MAX_COLUMNS 48
#define MAX_KEYS 96
#define KEY_WORDS 5

enum kind { INNER, TEXT, NAME, COUNT, INTEGER, STAMP, TIME, FLAG, OBJECT, NEEDED, NOTHING, IS, MAY_BE };

typedef struct {
    const char *name;
    Py_ssize_t length;
    const char *value; /* of IS and MAY_BE */
    Py_ssize_t value_length;
    int kind, column, child, sibling;
    bool required;
} Node;

/* A key as it stood in the line before, from its quote to its colon. */
typedef struct {
    const Node *parent, *node; /* no node: a key of no interest */
    uint64_t words[KEY_WORDS], mask;
    int length; /* 0: there was none */
} Key;

typedef struct {
    PyObject *text; /* NULL where there is none */
    int64_t number;
    bool given;
} Cell;

/* A text and its bytes, which it owns. */
typedef struct {
    PyObject *text;
    const char *bytes;
    Py_ssize_t length;
} Word;

typedef struct {
    Node nodes[MAX_NODES];
    int count, columns;
    int kinds[MAX_COLUMNS];
    uint64_t required;
    Key keys[MAX_KEYS];       /* lines of one program have theirs in one order */
    Word before[MAX_COLUMNS]; /* the last text of each column: most repeat */
    Cell row[MAX_COLUMNS];
} Fields;

void fields_begin(Fields *fields);

/* A tuple of a path, a kind and perhaps a value, which have to outlive the fields; the
 * value has nothing that JSON escapes. -1: an exception is set. */
int fields_add(Fields *fields, PyObject *field);

/* Read a line into ``row``; false: it is not plain. */
bool fields_read(Fields *fields, const char *start, const char *end);

void cells_clear(Cell *row, int columns);
void fields_free(Fields *fields);

#endif
