/* Lines of JSON: those that are plain become rows, all others are handed back.
 *
 * The scanner is strict where the ordinary reader is lenient: a line that it turns
 * into a row is valid JSON, has no key twice, and every named field in it is of the
 * expected form. Whatever else a line is, its bytes are returned for the ordinary
 * reader, so both together read what that one reads alone.
 *
 * LineScanner(marker, within, skip, keep, fields, grows=False): lines that have `marker` within
 * their first bytes, followed by one of `skip` and by none of `keep`, are passed over.
 * Fields are (path, kind) or (path, kind, value). Columns: `text`; `name`, not empty;
 * `count`, 0 where missing; `integer`; `stamp`, in UTC
 * microseconds; `time`, a stamp that is not missing; `flag`; `object`,
 * whether it is there. Only what a plain line is like: `needed`, an object; `nothing`,
 * null at most; `is` and `may be`, a value.
 *
 * scan(chunk) returns the number of lines, and of those not skipped a row or the
 * bytes. A row has the columns, then where the line begins and ends.
 *
 * With `grows`, the second column is a time and the last one a count. Lines that
 * follow a row, later than it and equal in all but these, are taken into it as long as
 * the count does not fall: the time stays, the count is the last, and the row ends
 * where they end.
 */
#include "plain_json.h"
#include "scan.h"

#include <string.h>

#define MAX_NODES 63
#define MAX_COLUMNS 48
#define LONGEST_TEXT 1000
#define MAX_COUNT 1000000000000LL

enum kind { INNER, TEXT, NAME, COUNT, INTEGER, STAMP, TIME, FLAG, OBJECT, NEEDED, NOTHING, IS, MAY_BE };

static const char *const KINDS[] = {"",     "text",   "name",   "count",   "integer", "stamp", "time",
                                    "flag", "object", "needed", "nothing", "is",      "may be"};

typedef struct {
    const char *name;
    Py_ssize_t length;
    const char *value; /* of IS and MAY_BE */
    Py_ssize_t value_length;
    int kind, column, child, sibling;
    bool required;
} Node;

typedef struct {
    PyObject *text; /* NULL where there is none */
    int64_t number;
    bool given;
} Cell;

typedef struct {
    PyObject_HEAD
    PyObject *kept; /* the arguments, which nodes and rules point into */
    Node nodes[MAX_NODES];
    int count, columns, grows;
    int kinds[MAX_COLUMNS];
    uint64_t required;
    const char *marker;
    Py_ssize_t marker_length, within;
    PyObject *skip, *keep;
    PyObject *before[MAX_COLUMNS]; /* the last text of each column: most repeat */
    Cell row[MAX_COLUMNS];
    Cell held[MAX_COLUMNS]; /* a row to which the next line may belong */
    const char *held_from, *held_to;
} Scanner;

typedef struct {
    Json json;
    Scanner *scanner;
    uint64_t seen;
} Line;

static void replace(PyObject **slot, PyObject *value) {
    PyObject *before = *slot;
    *slot = value;
    Py_XDECREF(before);
}

static void clear(Cell *row, int columns) {
    for (int i = 0; i < columns; i++) {
        replace(&row[i].text, NULL);
        row[i].number = 0;
        row[i].given = false;
    }
}

static bool put(Line *line, const Node *node, int64_t number) {
    line->scanner->row[node->column].number = number;
    line->scanner->row[node->column].given = true;
    return true;
}

static bool text(Line *line, const Node *node) {
    const unsigned char *start = ++line->json.at;
    bool plain;
    if (!json_string(&line->json, &plain) || !plain)
        return false;
    Py_ssize_t length = line->json.at - start - 1;
    if (node->kind == IS || node->kind == MAY_BE)
        return length == node->value_length && memcmp(start, node->value, length) == 0;
    if (length > LONGEST_TEXT || (node->kind == NAME && length == 0))
        return false;
    Scanner *own = line->scanner;
    PyObject *before = own->before[node->column];
    Py_ssize_t known;
    const char *bytes = before ? PyUnicode_AsUTF8AndSize(before, &known) : NULL;
    if (bytes == NULL || known != length || memcmp(bytes, start, length) != 0) {
        PyObject *value = PyUnicode_DecodeUTF8((const char *)start, length, "strict");
        if (value == NULL) {
            PyErr_Clear(); /* not UTF-8: the ordinary reader knows what to say */
            return false;
        }
        replace(&own->before[node->column], value);
        before = value;
    }
    Py_INCREF(before);
    replace(&own->row[node->column].text, before);
    return true;
}

static bool count(Line *line, const Node *node) {
    int64_t value = 0;
    const unsigned char *start = line->json.at;
    while (line->json.at < line->json.end && *line->json.at >= '0' && *line->json.at <= '9' && line->json.at - start < 13)
        value = value * 10 + (*line->json.at++ - '0');
    if (line->json.at == start || (*start == '0' && line->json.at - start > 1) || value > MAX_COUNT)
        return false;
    if (line->json.at < line->json.end && strchr("0123456789.eE", *line->json.at) != NULL && *line->json.at)
        return false;
    return put(line, node, value);
}

static int two(const unsigned char *at) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* Days since 1970 of a Gregorian date (Howard Hinnant's days_from_civil). */
static int64_t days(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* YYYY-MM-DDTHH:MM:SS.mmm[uuu]Z to microseconds; no other form. */
static bool stamp(Line *line, const Node *node) {
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const unsigned char *at = ++line->json.at;
    bool plain;
    if (!json_string(&line->json, &plain) || !plain)
        return false;
    Py_ssize_t length = line->json.at - at - 1;
    if ((length != 24 && length != 27) || at[4] != '-' || at[7] != '-' || at[10] != 'T' ||
        at[13] != ':' || at[16] != ':' || at[19] != '.' || at[length - 1] != 'Z')
        return false;
    int century = two(at), year = two(at + 2), month = two(at + 5), day = two(at + 8);
    int hour = two(at + 11), minute = two(at + 14), second = two(at + 17);
    if (century < 1 || year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    year += century * 100;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > LENGTHS[month - 1] + (leap && month == 2))
        return false;
    int64_t micros = 0;
    for (Py_ssize_t i = 20; i < 26; i++) {
        unsigned char digit = i < length - 1 ? at[i] : '0';
        if (digit < '0' || digit > '9')
            return false;
        micros = micros * 10 + (digit - '0');
    }
    int64_t seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return put(line, node, seconds * 1000000 + micros);
}

static bool flag(Line *line, const Node *node) {
    bool is_true = *line->json.at == 't';
    if (!json_word(&line->json, is_true ? "true" : "false"))
        return false;
    return put(line, node, is_true);
}

static bool object(Line *line, const Node *parent);

static bool field(Line *line, const Node *node) {
    json_blanks(&line->json);
    if (line->json.at == line->json.end)
        return false;
    if (*line->json.at == 'n')
        return !node->required && json_word(&line->json, "null");
    switch (node->kind) {
    case TEXT:
    case NAME:
    case IS:
    case MAY_BE:
        return *line->json.at == '"' && text(line, node);
    case COUNT:
    case INTEGER:
        return count(line, node);
    case STAMP:
    case TIME:
        return *line->json.at == '"' && stamp(line, node);
    case FLAG:
        return flag(line, node);
    case NOTHING:
        return false;
    default:
        if (!json_take(&line->json, '{'))
            return false;
        if (node->column >= 0)
            put(line, node, 1);
        return object(line, node);
    }
}

static const Node *child(const Scanner *own, const Node *parent, const unsigned char *name,
                         Py_ssize_t length) {
    for (int at = parent->child; at >= 0; at = own->nodes[at].sibling) {
        const Node *node = &own->nodes[at];
        if (node->length == length && (length == 0 || *node->name == (char)*name) &&
            memcmp(node->name, name, length) == 0)
            return node;
    }
    return NULL;
}

/* Behind the opening brace. Recursion is as deep as the fields' longest path. */
static bool object(Line *line, const Node *parent) {
    if (json_take(&line->json, '}'))
        return true;
    do {
        bool plain;
        if (!json_take(&line->json, '"'))
            return false;
        const unsigned char *name = line->json.at;
        if (!json_string(&line->json, &plain) || !plain)
            return false;
        const Node *node = child(line->scanner, parent, name, line->json.at - name - 1);
        if (!json_take(&line->json, ':'))
            return false;
        if (node == NULL) {
            if (!json_pass(&line->json))
                return false;
            continue;
        }
        uint64_t bit = 1ULL << (node - line->scanner->nodes);
        if (line->seen & bit)
            return false;
        line->seen |= bit;
        if (!field(line, node))
            return false;
    } while (json_take(&line->json, ','));
    return json_take(&line->json, '}');
}

/* The scanner ---------------------------------------------------------------- */

static bool row_of(Scanner *own, const char *start, const char *end, Line *line) {
    if (end > start && end[-1] == '\n')
        end--;
    clear(own->row, own->columns);
    Json json = {(const unsigned char *)start, (const unsigned char *)end};
    *line = (Line){json, own, 0};
    if (!json_take(&line->json, '{') || !object(line, &own->nodes[0]))
        return false;
    json_blanks(&line->json);
    return line->json.at == line->json.end && (line->seen & own->required) == own->required;
}

static bool starts_with(PyObject *prefixes, const char *at, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(prefixes); i++) {
        PyObject *prefix = PyTuple_GetItem(prefixes, i);
        Py_ssize_t length = PyBytes_Size(prefix);
        if (length <= size && memcmp(at, PyBytes_AsString(prefix), length) == 0)
            return true;
    }
    return false;
}

/* Whether the head of a line says that it is none of those looked for. */
static bool skipped(const Scanner *own, const char *start, const char *end) {
    const char *last = start + (end - start < own->within ? end - start : own->within);
    const char *at = start;
    while (last - at >= own->marker_length) {
        at = memchr(at, own->marker[0], last - at - own->marker_length + 1);
        if (at == NULL)
            return false;
        if (memcmp(at, own->marker, own->marker_length) == 0) {
            at += own->marker_length;
            return starts_with(own->skip, at, end - at) && !starts_with(own->keep, at, end - at);
        }
        at++;
    }
    return false;
}

static PyObject *value_of(const Cell *cell, int kind) {
    PyObject *value = cell->text;
    if (kind == FLAG || kind == OBJECT)
        return PyBool_FromLong(cell->number != 0);
    if (kind == COUNT || cell->given)
        return PyLong_FromLongLong(cell->number);
    if (value == NULL)
        value = Py_None;
    Py_INCREF(value);
    return value;
}

static bool append(PyObject *found, PyObject *one) {
    bool done = one != NULL && PyList_Append(found, one) == 0;
    Py_XDECREF(one);
    return done;
}

/* Emit the row that is held: the columns' values and where its lines begin and end. */
static bool release(Scanner *own, const char *chunk, PyObject *found) {
    if (own->held_from == NULL)
        return true;
    PyObject *row = PyTuple_New(own->columns + 2);
    for (int i = 0; row != NULL && i < own->columns + 2; i++) {
        const char *at = i == own->columns ? own->held_from : own->held_to;
        PyObject *value = i < own->columns ? value_of(&own->held[i], own->kinds[i])
                                           : PyLong_FromSsize_t(at - chunk);
        if (value == NULL)
            Py_CLEAR(row);
        else
            PyTuple_SetItem(row, i, value);
    }
    own->held_from = NULL;
    return append(found, row);
}

/* Whether a row only repeats the held one, later and with a count that has grown. */
static bool repeats(const Scanner *own) {
    int last = own->columns - 1;
    if (!own->grows || own->held_from == NULL)
        return false;
    for (int i = 0; i < last; i++) {
        const Cell *held = &own->held[i], *now = &own->row[i];
        if (i == 1 ? now->number <= held->number
                   : held->text != now->text || held->number != now->number ||
                         held->given != now->given)
            return false;
    }
    return own->held[last].number <= own->row[last].number;
}

static bool take_line(Scanner *own, const char *chunk, const char *start, const char *end,
                      PyObject *found) {
    Line line;
    if (!row_of(own, start, end, &line))
        return release(own, chunk, found) &&
               append(found, PyBytes_FromStringAndSize(start, end - start));
    if (repeats(own)) {
        own->held[own->columns - 1].number = own->row[own->columns - 1].number;
    } else {
        if (!release(own, chunk, found))
            return false;
        for (int i = 0; i < own->columns; i++) {
            Cell free = own->held[i];
            own->held[i] = own->row[i];
            own->row[i] = free;
        }
        own->held_from = start;
    }
    own->held_to = end;
    return true;
}

static PyObject *Scanner_scan(Scanner *own, PyObject *chunk) {
    char *bytes;
    Py_ssize_t size, lines = 0;
    if (PyBytes_AsStringAndSize(chunk, &bytes, &size) < 0)
        return NULL;
    PyObject *found = PyList_New(0);
    const char *end = bytes + size;
    own->held_from = NULL;
    for (const char *start = bytes, *stop; found != NULL && start < end; start = stop, lines++) {
        const char *newline = memchr(start, '\n', end - start);
        stop = newline ? newline + 1 : end;
        if (!skipped(own, start, stop) && !take_line(own, bytes, start, stop, found))
            Py_CLEAR(found);
    }
    if (found != NULL && !release(own, bytes, found))
        Py_CLEAR(found);
    return found == NULL ? NULL : Py_BuildValue("nN", lines, found);
}

static int node_of(Scanner *own, int parent, const char *name, Py_ssize_t length) {
    const Node *known = child(own, &own->nodes[parent], (const unsigned char *)name, length);
    if (known != NULL)
        return (int)(known - own->nodes);
    if (own->count == MAX_NODES)
        return -1;
    own->nodes[own->count] = (Node){name, length, "", 0, INNER, -1, -1, -1, false};
    own->nodes[own->count].sibling = own->nodes[parent].child;
    own->nodes[parent].child = own->count;
    return own->count++;
}

static int add_field(Scanner *own, PyObject *field) {
    const char *path, *name, *value = "";
    if (!PyTuple_Check(field)) {
        PyErr_SetString(PyExc_TypeError, "a field is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(field, "ss|s", &path, &name, &value))
        return -1;
    int at = 0, kind = TEXT;
    while (kind <= MAY_BE && strcmp(KINDS[kind], name) != 0)
        kind++;
    for (const char *dot; at >= 0 && *path; path = *dot ? dot + 1 : dot) {
        dot = path + strcspn(path, ".");
        at = node_of(own, at, path, dot - path);
    }
    bool is_column = kind <= OBJECT;
    if (at <= 0 || kind > MAY_BE || (is_column && own->columns == MAX_COLUMNS)) {
        PyErr_SetString(PyExc_ValueError, "an unknown kind of field, or too many fields");
        return -1;
    }
    Node *node = &own->nodes[at];
    node->kind = kind;
    node->value = value;
    node->value_length = (Py_ssize_t)strlen(value);
    node->required = kind == NAME || kind == TIME || kind == NEEDED || kind == IS;
    own->required |= (uint64_t)node->required << at;
    if (is_column) {
        own->kinds[own->columns] = kind;
        node->column = own->columns++;
    }
    return 0;
}

static bool all_bytes(PyObject *prefixes) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(prefixes); i++)
        if (PyBytes_AsString(PyTuple_GetItem(prefixes, i)) == NULL)
            return false;
    return true;
}

static int set_up(Scanner *own, PyObject *arguments) {
    PyObject *fields;
    if (!PyArg_ParseTuple(arguments, "y#nO!O!O!|p", &own->marker, &own->marker_length, &own->within,
                          &PyTuple_Type, &own->skip, &PyTuple_Type, &own->keep, &PyTuple_Type,
                          &fields, &own->grows))
        return -1;
    Py_INCREF(arguments);
    own->kept = arguments;
    if (!all_bytes(own->skip) || !all_bytes(own->keep))
        return -1;
    if (own->marker_length < 1) {
        PyErr_SetString(PyExc_ValueError, "an empty marker");
        return -1;
    }
    own->nodes[0] = (Node){"", 0, "", 0, INNER, -1, -1, -1, false};
    own->count = 1;
    for (Py_ssize_t i = 0; i < PyTuple_Size(fields); i++)
        if (add_field(own, PyTuple_GetItem(fields, i)) < 0)
            return -1;
    return 0;
}

static PyObject *Scanner_new(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    (void)named;
    PyObject *own = PyType_GenericAlloc(type, 0);
    if (own != NULL && set_up((Scanner *)own, arguments) < 0)
        Py_CLEAR(own);
    return own;
}

static void Scanner_free(PyObject *self) {
    Scanner *own = (Scanner *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < MAX_COLUMNS; i++)
        Py_XDECREF(own->before[i]);
    clear(own->row, MAX_COLUMNS);
    clear(own->held, MAX_COLUMNS);
    Py_XDECREF(own->kept);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef METHODS[] = {
    {"scan", (PyCFunction)(void (*)(void))Scanner_scan, METH_O,
     "Return the number of lines, and what is not skipped."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot SLOTS[] = {
    {Py_tp_new, Scanner_new},
    {Py_tp_dealloc, Scanner_free},
    {Py_tp_methods, METHODS},
    {0, NULL},
};

static PyType_Spec SPEC = {"mileage.native._scan.LineScanner", sizeof(Scanner), 0,
                           Py_TPFLAGS_DEFAULT, SLOTS};

int add_line_scanner(PyObject *module) {
    PyObject *type = PyType_FromSpec(&SPEC);
    int failed = type == NULL ? -1 : PyModule_AddObjectRef(module, "LineScanner", type);
    Py_XDECREF(type);
    return failed;
}
