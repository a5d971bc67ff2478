/* Lines of JSON: those that are plain become rows, all others are handed back.
 *
 * The scanner is strict where the ordinary reader is lenient: a line that it turns
 * into a row is valid JSON, has no key twice, and every named field in it is of the
 * expected form. Whatever else a line is, its bytes are returned for the ordinary
 * reader, so both together read what that one reads alone.
 *
 * LineScanner(marker, within, skip, keep, fields, grows=False, flat=None): lines that have `marker` within
 * their first bytes, followed by one of `skip` and by none of `keep`, are passed over.
 * Those that are not plain are passed over as well if ``flat`` comes before any object in
 * them, and a word after it that is not ``wanted`` (flat = (marker, wanted)).
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
 * the count is there in both or in none and does not fall: the time stays, the count is
 * the last, and the row ends where they end.
 */
#include "json_fields.h"

#define MAX_PREFIXES 16

typedef struct {
    const char *bytes;
    Py_ssize_t length;
} Prefix;

typedef struct {
    Prefix all[MAX_PREFIXES];
    Py_ssize_t count;
} Prefixes;

typedef struct {
    PyObject_HEAD
    PyObject *kept; /* the arguments, which fields and prefixes point into */
    Fields fields;
    int grows;
    Prefix marker, flat, wanted;
    Py_ssize_t within;
    Prefixes skip, keep;
    Cell held[MAX_COLUMNS]; /* a row to which the next line may belong */
    const char *held_from, *held_to;
} Scanner;

static bool starts_with(const Prefixes *prefixes, const char *at, const char *end) {
    for (Py_ssize_t i = 0; i < prefixes->count; i++) {
        const Prefix *one = &prefixes->all[i];
        if (one->length <= end - at && memcmp(at, one->bytes, (size_t)one->length) == 0)
            return true;
    }
    return false;
}

/* Whether the head of a line says that it is none of those looked for. */
static bool skipped(const Scanner *own, const char *start, const char *end) {
    const char *last = end - start < own->within ? end : start + own->within;
    Py_ssize_t before = own->marker.length - 1; /* its last sign is the rarest in them */
    for (const char *at = start + before; at < last; at++) {
        at = memchr(at, own->marker.bytes[before], (size_t)(last - at));
        if (at == NULL)
            return false;
        if (memcmp(at - before, own->marker.bytes, (size_t)before) == 0)
            return starts_with(&own->skip, at + 1, end) && !starts_with(&own->keep, at + 1, end);
    }
    return false;
}

static const char *find(const Prefix *one, const char *at, const char *end) {
    for (; end - at >= one->length; at++) {
        at = memchr(at, one->bytes[0], (size_t)(end - at - one->length + 1));
        if (at == NULL)
            return NULL;
        if (memcmp(at, one->bytes, (size_t)one->length) == 0)
            return at + one->length;
    }
    return NULL;
}

/* Whether a line says that it is of another kind, in a word of letters and dashes. */
static bool is_other(const Scanner *own, const char *start, const char *end) {
    if (own->flat.length == 0)
        return false;
    const char *nested = memchr(start + 1, '{', (size_t)(end - start - 1));
    const char *word = find(&own->flat, start, nested ? nested : end), *at = word;
    while (at != NULL && at < end && ((*at >= 'a' && *at <= 'z') || *at == '-' || *at == '_'))
        at++;
    if (at == NULL || at == word || at == end || *at != '"')
        return false;
    return at - word != own->wanted.length || memcmp(word, own->wanted.bytes, (size_t)(at - word));
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
    PyObject *row = PyTuple_New(own->fields.columns + 2);
    for (int i = 0; row != NULL && i < own->fields.columns + 2; i++) {
        const char *at = i == own->fields.columns ? own->held_from : own->held_to;
        PyObject *value = i < own->fields.columns ? value_of(&own->held[i], own->fields.kinds[i])
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
    int last = own->fields.columns - 1;
    if (!own->grows || own->held_from == NULL)
        return false;
    for (int i = 0; i < last; i++) {
        const Cell *held = &own->held[i], *now = &own->fields.row[i];
        if (i == 1 ? now->number <= held->number
                   : held->text != now->text || held->number != now->number ||
                         held->given != now->given)
            return false;
    }
    const Cell *held = &own->held[last], *now = &own->fields.row[last];
    return held->given == now->given && held->number <= now->number;
}

static bool take_line(Scanner *own, const char *chunk, const char *start, const char *end,
                      PyObject *found) {
    if (!fields_read(&own->fields, start, end)) {
        if (is_other(own, start, end))
            return true;
        return release(own, chunk, found) &&
               append(found, PyBytes_FromStringAndSize(start, end - start));
    }
    if (repeats(own)) {
        own->held[own->fields.columns - 1].number = own->fields.row[own->fields.columns - 1].number;
    } else {
        if (!release(own, chunk, found))
            return false;
        for (int i = 0; i < own->fields.columns; i++) {
            Cell free = own->held[i];
            own->held[i] = own->fields.row[i];
            own->fields.row[i] = free;
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

/* The set-up ----------------------------------------------------------------- */

static int read_prefixes(Prefixes *into, PyObject *tuple) {
    into->count = PyTuple_Size(tuple);
    if (into->count > MAX_PREFIXES) {
        PyErr_SetString(PyExc_ValueError, "too many prefixes");
        return -1;
    }
    for (Py_ssize_t i = 0; i < into->count; i++) {
        char *bytes;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(tuple, i), &bytes, &into->all[i].length) < 0)
            return -1;
        into->all[i].bytes = bytes;
    }
    return 0;
}

static int set_up(Scanner *own, PyObject *arguments) {
    PyObject *skip, *keep, *fields;
    if (!PyArg_ParseTuple(arguments, "y#nO!O!O!|p(y#y#)", &own->marker.bytes, &own->marker.length,
                          &own->within, &PyTuple_Type, &skip, &PyTuple_Type, &keep,
                          &PyTuple_Type, &fields, &own->grows, &own->flat.bytes,
                          &own->flat.length, &own->wanted.bytes, &own->wanted.length))
        return -1;
    Py_INCREF(arguments);
    own->kept = arguments;
    if (read_prefixes(&own->skip, skip) < 0 || read_prefixes(&own->keep, keep) < 0)
        return -1;
    if (own->marker.length < 1) {
        PyErr_SetString(PyExc_ValueError, "an empty marker");
        return -1;
    }
    fields_begin(&own->fields);
    for (Py_ssize_t i = 0; i < PyTuple_Size(fields); i++)
        if (fields_add(&own->fields, PyTuple_GetItem(fields, i)) < 0)
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
    fields_free(&own->fields);
    cells_clear(own->held, MAX_COLUMNS);
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

int add_line_scanner(PyObject *module) { return add_type(module, &SPEC); }
