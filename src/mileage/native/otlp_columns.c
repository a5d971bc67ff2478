/* From what the walk found to columns of Python objects, one table an event's name. */
#include "otlp_logs.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

/* A walk over less than this is shorter than waiting for the interpreter again. */
#define LET_GO_BYTES (64 * 1024)
#define ROWS_BETWEEN_BREAKS 4096

typedef struct {
    PyObject_HEAD
    PyObject *names, *keys; /* tuples of str, which the words point into */
    Words name_words, key_words;
    int name_key, stamp_key;
    Py_ssize_t most;
} Scanner;

/* A column of the table that is being made. */
typedef struct {
    PyObject *values;
    const Cell *last; /* of which ``shared`` was made */
    PyObject *shared; /* borrowed from ``values`` */
    size_t filled;
    int kinds;
} Column;

/* The table that is being made. */
typedef struct {
    const Scan *scan;
    const Scanner *own;
    Column *columns; /* by key */
    size_t rows, made, most;
    bool sparse; /* so many columns, and so little in them, that it is no use */
} Table;

/* Values. */

static PyObject *text_of(const Cell *cell, int *kind) {
    PyObject *text = PyUnicode_FromStringAndSize((const char *)cell->is.text, cell->size);
    if (text == NULL || !cell->wide)
        return text;
    PyObject *printable = PyObject_CallMethod(text, "isprintable", NULL);
    const int verdict = printable == NULL ? -1 : PyObject_IsTrue(printable);
    Py_XDECREF(printable);
    if (verdict == 1)
        return text;
    Py_DECREF(text);
    if (verdict < 0)
        return NULL;
    *kind = NOTHING;
    return Py_NewRef(Py_None);
}

static PyObject *value_of(const Cell *cell, int *kind) {
    *kind = cell->kind;
    switch (cell->kind) {
    case COUNT:
    case INTEGER:
        return PyLong_FromLongLong(cell->is.integer);
    case DOUBLE:
        return PyFloat_FromDouble(cell->is.number);
    case TRUTH:
        return PyBool_FromLong(cell->is.integer != 0);
    case EMPTY:
    case TEXT:
        return text_of(cell, kind);
    default:
        return Py_NewRef(Py_None);
    }
}

/* Neighbours often have the same text: they share one object. */
static PyObject *shared_value(Column *column, const Cell *cell, int *kind) {
    const Cell *const last = column->last;
    if (cell->kind == TEXT && last != NULL && last->size == cell->size &&
        memcmp(last->is.text, cell->is.text, cell->size) == 0) {
        *kind = TEXT;
        return Py_NewRef(column->shared);
    }
    PyObject *const value = value_of(cell, kind);
    column->last = value != NULL && *kind == TEXT ? cell : NULL;
    column->shared = value;
    return value;
}

/* Columns. */

static int absent_up_to(Column *column, size_t row) {
    if (column->filled < row)
        column->kinds |= ABSENT;
    for (; column->filled < row; column->filled++)
        if (PyList_SetItem(column->values, (Py_ssize_t)column->filled, Py_NewRef(Py_Ellipsis)) < 0)
            return -1;
    return 0;
}

static int put_cell(Table *table, size_t row, const Cell *cell) {
    Column *const column = &table->columns[cell->key];
    if (column->values == NULL) {
        if (++table->made * table->rows > table->most) {
            table->sparse = true;
            return -1;
        }
        column->values = PyList_New((Py_ssize_t)table->rows);
        if (column->values == NULL)
            return -1;
    }
    int kind;
    PyObject *const value = shared_value(column, cell, &kind);
    if (value == NULL || absent_up_to(column, row) < 0) {
        Py_XDECREF(value);
        return -1;
    }
    column->kinds |= kind;
    column->filled++;
    return PyList_SetItem(column->values, (Py_ssize_t)row, value);
}

static PyObject *columns_of(Table *table) {
    PyObject *found = PyDict_New();
    for (int key = 0; found != NULL && key < table->own->key_words.count; key++) {
        Column *const column = &table->columns[key];
        if (column->values == NULL)
            continue;
        PyObject *pair = NULL;
        if (absent_up_to(column, table->rows) == 0)
            pair = Py_BuildValue("(Oi)", column->values, column->kinds);
        if (pair == NULL || PyDict_SetItem(found, PyTuple_GetItem(table->own->keys, key), pair) < 0)
            Py_CLEAR(found);
        Py_XDECREF(pair);
    }
    return found;
}

static void clear(Table *table) {
    for (int key = 0; key < table->own->key_words.count; key++)
        Py_XDECREF(table->columns[key].values);
    memset(table->columns, 0, (size_t)table->own->key_words.count * sizeof(Column));
    table->made = 0;
}

/* Tables. */

static PyObject *or_none(int64_t micros) {
    return micros ? PyLong_FromLongLong(micros) : Py_NewRef(Py_None);
}

static int put_row(Table *table, const Row *row, size_t at, PyObject *const lists[3]) {
    const Cell *const cells = table->scan->cells.items;
    for (uint32_t i = 0; i < row->cells.count; i++)
        if (put_cell(table, at, &cells[row->cells.first + i]) < 0)
            return -1;
    PyObject *values[3] = {PyLong_FromUnsignedLong(row->number), or_none(row->micros),
                           PyLong_FromUnsignedLong(row->frame)};
    int failed = 0;
    for (int i = 0; i < 3; i++)
        if (values[i] == NULL || PyList_SetItem(lists[i], (Py_ssize_t)at, values[i]) < 0)
            failed = -1;
    if (at % ROWS_BETWEEN_BREAKS == ROWS_BETWEEN_BREAKS - 1) {
        Py_BEGIN_ALLOW_THREADS
        Py_END_ALLOW_THREADS
    }
    return failed;
}

/* (numbers, instants, frames, {key: (values, kinds)}) of the rows of one name. */
static PyObject *table_of(Table *table, int name) {
    const Row *const rows = table->scan->rows.items;
    PyObject *lists[3], *columns = NULL, *made = NULL;
    for (int i = 0; i < 3; i++)
        lists[i] = PyList_New((Py_ssize_t)table->rows);
    int failed = lists[0] == NULL || lists[1] == NULL || lists[2] == NULL;
    for (size_t i = 0, at = 0; !failed && i < table->scan->rows.count; i++)
        if (rows[i].name == name)
            failed = put_row(table, &rows[i], at++, lists);
    if (!failed)
        columns = columns_of(table);
    if (columns != NULL)
        made = Py_BuildValue("(OOOO)", lists[0], lists[1], lists[2], columns);
    for (int i = 0; i < 3; i++)
        Py_XDECREF(lists[i]);
    Py_XDECREF(columns);
    clear(table);
    return made;
}

/* Add the tables of all names to a dict; -1 with no error set: it is no use. */
static int add_tables(Table *table, PyObject *tables) {
    const Scan *const scan = table->scan;
    const Row *const rows = scan->rows.items;
    size_t *counts = calloc((size_t)table->own->name_words.count + 1, sizeof *counts);
    int failed = counts == NULL ? -1 : 0;
    if (failed)
        PyErr_NoMemory();
    for (size_t i = 0; !failed && i < scan->rows.count; i++)
        counts[rows[i].name]++;
    for (int name = 0; !failed && name < table->own->name_words.count; name++) {
        if (counts[name] == 0)
            continue;
        table->rows = counts[name];
        PyObject *const made = table_of(table, name);
        PyObject *const key = PyTuple_GetItem(table->own->names, name);
        failed = made == NULL ? -1 : PyDict_SetItem(tables, key, made);
        Py_XDECREF(made);
    }
    free(counts);
    return failed;
}

/* Resources. */

static PyObject *attributes_of(const Scanner *own, const Scan *scan, Cells cells) {
    const Cell *const cell = (const Cell *)scan->cells.items + cells.first;
    PyObject *found = PyDict_New();
    for (uint32_t i = 0; found != NULL && i < cells.count; i++) {
        int kind;
        PyObject *const value = value_of(&cell[i], &kind);
        PyObject *const key = PyTuple_GetItem(own->keys, cell[i].key);
        if (value == NULL || PyDict_SetItem(found, key, value) < 0)
            Py_CLEAR(found);
        Py_XDECREF(value);
    }
    return found;
}

/* [(scope, {key: value})]; frames of one resource share its attributes. */
static PyObject *frames_of(const Scanner *own, const Scan *scan) {
    const Frame *const frames = scan->frames.items;
    PyObject *found = PyList_New(0), *attributes = NULL;
    for (size_t i = 0; found != NULL && i < scan->frames.count; i++) {
        if (i == 0 || frames[i].group != frames[i - 1].group) {
            Py_XDECREF(attributes);
            attributes = attributes_of(own, scan, frames[i].resource);
        }
        const Wire scope = frames[i].scope;
        PyObject *frame = NULL;
        if (attributes != NULL)
            frame = Py_BuildValue("(s#O)", (const char *)scope.at,
                                  (Py_ssize_t)(scope.end - scope.at), attributes);
        if (frame == NULL || PyList_Append(found, frame) < 0)
            Py_CLEAR(found);
        Py_XDECREF(frame);
    }
    Py_XDECREF(attributes);
    return found;
}

/* The scanner. */

static PyObject *result_of(const Scanner *own, const Scan *scan) {
    const size_t room = 4 * (scan->cells.count + scan->rows.count) + 65536;
    const size_t keys = (size_t)own->key_words.count;
    Table table = {.scan = scan, .own = own, .most = room};
    table.columns = calloc(keys + 1, sizeof(Column));
    if (table.columns == NULL)
        return PyErr_NoMemory();
    PyObject *tables = PyDict_New(), *frames = NULL, *result = NULL;
    if (tables != NULL && add_tables(&table, tables) == 0)
        frames = frames_of(own, scan);
    if (frames != NULL)
        result = Py_BuildValue("(IOO)", scan->records, frames, tables);
    else if (table.sparse && !PyErr_Occurred())
        result = Py_NewRef(Py_None);
    free(table.columns);
    Py_XDECREF(tables);
    Py_XDECREF(frames);
    return result;
}

static bool walked(Scan *scan, Wire body) {
    if (body.end - body.at < LET_GO_BYTES)
        return scan_logs(scan, body);
    bool plain;
    Py_BEGIN_ALLOW_THREADS
    plain = scan_logs(scan, body);
    Py_END_ALLOW_THREADS
    return plain;
}

static PyObject *Scanner_scan(PyObject *self, PyObject *body) {
    const Scanner *const own = (const Scanner *)self;
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(body, &bytes, &size) < 0)
        return NULL;
    Scan scan = {.names = &own->name_words,
                 .keys = &own->key_words,
                 .name_key = own->name_key,
                 .stamp_key = own->stamp_key,
                 .most = (size_t)own->most,
                 .cells = {.size = sizeof(Cell)},
                 .rows = {.size = sizeof(Row)},
                 .frames = {.size = sizeof(Frame)}};
    scan.seen = calloc((size_t)own->key_words.count + 1, sizeof *scan.seen);
    PyObject *result = NULL;
    const Byte *const at = (const Byte *)bytes;
    if (scan.seen != NULL && walked(&scan, (Wire){at, at + size}))
        result = result_of(own, &scan);
    else if (scan.seen == NULL || scan.failed)
        PyErr_NoMemory();
    else
        result = Py_NewRef(Py_None);
    scan_free(&scan);
    return result;
}

static int number_of(const Words *words, const char *word) {
    const Byte *const text = (const Byte *)word;
    return word_number(words, (Wire){text, text + strlen(word)});
}

static int set_up(Scanner *own, PyObject *arguments) {
    if (!PyArg_ParseTuple(arguments, "O!O!n", &PyTuple_Type, &own->names, &PyTuple_Type, &own->keys,
                          &own->most)) {
        own->names = own->keys = NULL;
        return -1;
    }
    Py_INCREF(own->names);
    Py_INCREF(own->keys);
    if (words_from(&own->name_words, own->names) < 0 || words_from(&own->key_words, own->keys) < 0)
        return -1;
    own->name_key = number_of(&own->key_words, "event.name");
    own->stamp_key = number_of(&own->key_words, "event.timestamp");
    if (own->name_key >= 0 && own->stamp_key >= 0 && own->most >= 0)
        return 0;
    PyErr_SetString(PyExc_ValueError, "event.name and event.timestamp must be declared");
    return -1;
}

static PyObject *Scanner_new(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    (void)named;
    PyObject *own = PyType_GenericAlloc(type, 0);
    if (own != NULL && set_up((Scanner *)own, arguments) < 0)
        Py_CLEAR(own);
    return own;
}

static void Scanner_free(PyObject *self) {
    Scanner *const own = (Scanner *)self;
    PyTypeObject *const type = Py_TYPE(self);
    words_free(&own->name_words);
    words_free(&own->key_words);
    Py_XDECREF(own->names);
    Py_XDECREF(own->keys);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef METHODS[] = {
    {"scan", Scanner_scan, METH_O,
     "Return (records, frames, tables by name); None when the body is not plain."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot SLOTS[] = {
    {Py_tp_new, Scanner_new},
    {Py_tp_dealloc, Scanner_free},
    {Py_tp_methods, METHODS},
    {0, NULL},
};

static PyType_Spec SPEC = {"mileage.native._scan.LogScanner", sizeof(Scanner), 0,
                           Py_TPFLAGS_DEFAULT, SLOTS};

int add_log_scanner(PyObject *module) { return add_type(module, &SPEC); }
