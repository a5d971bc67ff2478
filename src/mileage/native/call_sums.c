/* The calls of one file, added up by quarter of an hour and kind, each priced by itself.
 *
 * call_sums(rows, quarter, price, day=quarter): rows are tuples of a kind, a time and
 * seven counts; price(kind, start) returns None or pairs of a threshold and seven rates,
 * by rising thresholds. It is asked once for sums of a kind that follow each other on
 * one day. Returns (kind, start, calls, the seven sums, cost or None, first, last), in
 * the order in which they begin. OverflowError where 64 bits are not enough.
 *
 * named_sums(sums, kinds, source): what call_sums returned as rows of a personal report
 * (``domain.quarter.QuarterRow``) in plain tuples; ``kinds`` are those of
 * ``domain.packed``. Estimates are in no row.
 */
#include "scan.h"

#include <string.h>

#define CLASSES 7
#define COLUMNS (2 + CLASSES)
#define OUTPUT 4 /* output and reasoning are no part of the prompt */
#define MILLION 1000000
#define MAX_BRACKETS 8

typedef __int128 wide;

typedef struct {
    int64_t above, rates[CLASSES];
} Bracket;

typedef struct {
    int64_t kind, start, calls, first, last;
    wide sums[CLASSES], cost;
    Bracket brackets[MAX_BRACKETS];
    int count; /* of brackets; 0: no price */
} Sum;

typedef struct {
    Sum *sums;
    Py_ssize_t *places; /* a hash table: numbers of sums, or -1 */
    Py_ssize_t count, room, slots;
    int64_t day; /* prices change with it */
} Table;

static bool grown(Table *table) {
    Py_ssize_t room = table->room ? table->room * 2 : 64;
    Sum *sums = PyMem_Realloc(table->sums, room * sizeof(Sum));
    if (sums != NULL)
        table->sums = sums;
    Py_ssize_t *places = PyMem_Realloc(table->places, room * 2 * sizeof(Py_ssize_t));
    if (places != NULL)
        table->places = places;
    if (sums == NULL || places == NULL) {
        PyErr_NoMemory();
        return false;
    }
    table->room = room;
    table->slots = room * 2;
    memset(places, 0xff, table->slots * sizeof(Py_ssize_t));
    return true;
}

static Py_ssize_t slot(const Table *table, int64_t kind, int64_t start) {
    uint64_t hash = ((uint64_t)start * 0x9E3779B97F4A7C15ULL) ^ ((uint64_t)kind << 32);
    hash = (hash ^ hash >> 29) * 0xBF58476D1CE4E5B9ULL;
    Py_ssize_t at = (Py_ssize_t)(hash >> 33) & (table->slots - 1);
    while (table->places[at] >= 0) {
        const Sum *sum = &table->sums[table->places[at]];
        if (sum->kind == kind && sum->start == start)
            break;
        at = (at + 1) & (table->slots - 1);
    }
    return at;
}

static bool read_price(Sum *sum, PyObject *price) {
    PyObject *told = PyObject_CallFunction(price, "LL", (long long)sum->kind,
                                           (long long)sum->start);
    if (told == NULL)
        return false;
    Py_ssize_t count = told == Py_None ? 0 : PySequence_Size(told);
    bool done = count >= 0 && count <= MAX_BRACKETS;
    if (count > MAX_BRACKETS)
        PyErr_SetString(PyExc_OverflowError, "too many brackets");
    for (Py_ssize_t i = 0; done && i < count; i++) {
        PyObject *pair = PySequence_GetItem(told, i);
        long long above, r[CLASSES];
        if (pair != NULL && !PyTuple_Check(pair))
            PyErr_SetString(PyExc_TypeError, "a bracket is a tuple");
        done = pair != NULL && PyTuple_Check(pair) &&
               PyArg_ParseTuple(pair, "L(LLLLLLL)", &above, &r[0], &r[1], &r[2], &r[3], &r[4],
                                &r[5], &r[6]);
        sum->brackets[i].above = above;
        for (int c = 0; done && c < CLASSES; c++)
            sum->brackets[i].rates[c] = r[c];
        Py_XDECREF(pair);
    }
    sum->count = (int)count;
    Py_DECREF(told);
    return done;
}

static void same_price(Sum *sum, const Sum *as) {
    memcpy(sum->brackets, as->brackets, (size_t)as->count * sizeof(Bracket));
    sum->count = as->count;
}

static Sum *sum_of(Table *table, int64_t kind, int64_t start, PyObject *price) {
    if (table->count == table->room) {
        if (!grown(table))
            return NULL;
        for (Py_ssize_t i = 0; i < table->count; i++)
            table->places[slot(table, table->sums[i].kind, table->sums[i].start)] = i;
    }
    Py_ssize_t at = slot(table, kind, start);
    if (table->places[at] < 0) {
        Sum *sum = &table->sums[table->count];
        *sum = (Sum){.kind = kind, .start = start, .first = INT64_MAX, .last = INT64_MIN};
        const Sum *last = table->count ? sum - 1 : NULL;
        if (last != NULL && last->kind == kind && last->start / table->day == start / table->day)
            same_price(sum, last);
        else if (!read_price(sum, price))
            return NULL;
        table->places[at] = table->count++;
    }
    return &table->sums[table->places[at]];
}

/* Rounded to the nearest, halves to the even one. */
static wide half_even(wide numerator) {
    if (numerator <= INT64_MAX) { /* nearly always, and four times as fast */
        int64_t small = (int64_t)numerator, whole = small / MILLION, rest = small % MILLION;
        return whole + (2 * rest > MILLION - (whole & 1));
    }
    wide whole = numerator / MILLION, rest = numerator % MILLION;
    return whole + (2 * rest > MILLION - (whole & 1));
}

static void add(Sum *sum, const int64_t *row) {
    const int64_t *counts = row + 2, *rates = sum->brackets[0].rates;
    wide prompt = 0, cost = 0;
    for (int c = 0; c < CLASSES; c++) {
        sum->sums[c] += counts[c];
        prompt += c == OUTPUT || c == OUTPUT + 1 ? 0 : counts[c];
    }
    for (int b = 1; b < sum->count; b++)
        if (prompt > sum->brackets[b].above)
            rates = sum->brackets[b].rates;
    for (int c = 0; c < CLASSES && sum->count; c++)
        cost += (wide)counts[c] * rates[c];
    sum->cost += half_even(cost);
    sum->calls++;
    sum->first = row[1] < sum->first ? row[1] : sum->first;
    sum->last = row[1] > sum->last ? row[1] : sum->last;
}

static bool read_row(PyObject *tuple, int64_t *row) {
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != COLUMNS) {
        PyErr_SetString(PyExc_TypeError, "a row is a kind, a time and seven counts");
        return false;
    }
    for (int i = 0; i < COLUMNS; i++) {
        row[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
        if (row[i] < 0) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_OverflowError, "below zero");
            return false;
        }
    }
    return true;
}

static PyObject *number(wide value) {
    if (value <= INT64_MAX)
        return PyLong_FromLongLong((long long)value);
    PyErr_SetString(PyExc_OverflowError, "a sum above 64 bits");
    return NULL;
}

static PyObject *told(const Sum *sum) {
    PyObject *all = PyTuple_New(6 + CLASSES);
    for (int i = 0; all != NULL && i < 6 + CLASSES; i++) {
        PyObject *value;
        if (i < 3)
            value = number(i == 0 ? sum->kind : i == 1 ? sum->start : sum->calls);
        else if (i < 3 + CLASSES)
            value = number(sum->sums[i - 3]);
        else if (i == 3 + CLASSES && sum->count == 0)
            value = Py_BuildValue("");
        else
            value = number(i == 3 + CLASSES   ? sum->cost
                           : i == 4 + CLASSES ? sum->first
                                              : sum->last);
        if (value == NULL)
            Py_CLEAR(all);
        else
            PyTuple_SetItem(all, i, value);
    }
    return all;
}

static PyObject *call_sums(PyObject *module, PyObject *arguments) {
    PyObject *rows, *price, *found = NULL;
    long long quarter, day = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!LO|L", &PyList_Type, &rows, &quarter, &price, &day))
        return NULL;
    if (quarter < 1 || day % quarter != 0 || day < 0) {
        PyErr_SetString(PyExc_ValueError, "a day is of quarters, longer than nothing");
        return NULL;
    }
    Table table = {NULL, NULL, 0, 0, 0, day ? day : quarter};
    bool done = true;
    for (Py_ssize_t i = 0; done && i < PyList_Size(rows); i++) {
        int64_t row[COLUMNS];
        Sum *sum = NULL;
        done = read_row(PyList_GetItem(rows, i), row) &&
               (sum = sum_of(&table, row[0], row[1] - row[1] % quarter, price)) != NULL;
        if (done)
            add(sum, row);
    }
    if (done)
        found = PyList_New(0);
    for (Py_ssize_t i = 0; found != NULL && i < table.count; i++) {
        PyObject *one = told(&table.sums[i]);
        if (one == NULL || PyList_Append(found, one) < 0)
            Py_CLEAR(found);
        Py_XDECREF(one);
    }
    PyMem_Free(table.sums);
    PyMem_Free(table.places);
    return found;
}

enum told { KIND, START, CALLS, SUMS, COST = SUMS + CLASSES, FIRST_AT, LAST_AT, TOLD };
enum kind { CLIENT, PROVIDER, MEASURE = 7, KIND_COLUMNS = 9 };

static void fill(PyObject *row, Py_ssize_t at, PyObject *value) {
    Py_INCREF(value);
    PyTuple_SetItem(row, at, value);
}

static PyObject *named(PyObject *sum, PyObject *kind, PyObject *source, PyObject *zero) {
    PyObject *row = PyTuple_New(22);
    if (row == NULL)
        return NULL;
    bool measured = PyUnicode_GetLength(PyTuple_GetItem(kind, MEASURE)) == 0;
    bool unpriced = measured && PyTuple_GetItem(sum, COST) == Py_None;
    Py_ssize_t at = 0;
    fill(row, at++, PyTuple_GetItem(sum, START));
    fill(row, at++, PyTuple_GetItem(kind, CLIENT));
    fill(row, at++, source);
    for (int i = PROVIDER; i < MEASURE; i++) /* model, tier, session, project, agent */
        fill(row, at++, PyTuple_GetItem(kind, i));
    for (int i = CALLS; i <= COST; i++)
        fill(row, at++, PyTuple_GetItem(sum, i));
    fill(row, at++, unpriced ? PyTuple_GetItem(sum, CALLS) : zero);
    fill(row, at++, measured ? zero : PyTuple_GetItem(sum, CALLS));
    fill(row, at++, PyTuple_GetItem(sum, FIRST_AT));
    fill(row, at, PyTuple_GetItem(sum, LAST_AT));
    return row;
}

/* The kind of a sum; NULL: an exception is set. */
static PyObject *kind_of(PyObject *sum, PyObject *kinds) {
    if (!PyTuple_Check(sum) || PyTuple_Size(sum) != TOLD) {
        PyErr_SetString(PyExc_TypeError, "a sum is a tuple of thirteen");
        return NULL;
    }
    Py_ssize_t number = PyLong_AsSsize_t(PyTuple_GetItem(sum, KIND));
    PyObject *kind = PyErr_Occurred() ? NULL : PyList_GetItem(kinds, number);
    if (kind != NULL && (!PyTuple_Check(kind) || PyTuple_Size(kind) != KIND_COLUMNS ||
                         !PyUnicode_Check(PyTuple_GetItem(kind, MEASURE)))) {
        PyErr_SetString(PyExc_TypeError, "a kind is a tuple of nine");
        return NULL;
    }
    return kind;
}

static bool append_named(PyObject *found, PyObject *sum, PyObject *const *around) {
    PyObject *kind = kind_of(sum, around[0]);
    if (kind == NULL)
        return false;
    if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(kind, MEASURE), "estimate") == 0)
        return true;
    PyObject *row = named(sum, kind, around[1], around[2]);
    bool done = row != NULL && PyList_Append(found, row) == 0;
    Py_XDECREF(row);
    return done;
}

static PyObject *named_sums(PyObject *module, PyObject *arguments) {
    PyObject *sums, *around[3]; /* kinds, the source, and a zero */
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!U", &PyList_Type, &sums, &PyList_Type, &around[0],
                          &around[1]))
        return NULL;
    PyObject *found = (around[2] = PyLong_FromLong(0)) ? PyList_New(0) : NULL;
    for (Py_ssize_t i = 0; found != NULL && i < PyList_Size(sums); i++)
        if (!append_named(found, PyList_GetItem(sums, i), around))
            Py_CLEAR(found);
    Py_XDECREF(around[2]);
    return found;
}

static PyMethodDef FUNCTIONS[] = {
    {"named_sums", named_sums, METH_VARARGS, "Name sums by what their calls have in common."},
    {"call_sums", call_sums, METH_VARARGS, "Add calls up by quarter of an hour and kind."},
    {NULL, NULL, 0, NULL},
};

int add_call_sums(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
