/* Running totals, one after the other, as the calls that made them grow.
 *
 * plain_totals(rows, start, most, before, (earliest, least), (prefix, around)) looks at
 * rows of ``sources/codex_rows.py`` from ``start`` on, as long as each is as plain as
 * nearly all are: a total, at a time from ``earliest`` on, with no ordinal below
 * ``least`` and no model of its own, and nowhere less than the total before it. It
 * returns where that ends, the last total, and for each of at most ``most`` that have
 * grown (total, (prefix + name, (time, classes ...), around)), as
 * ``sources/codex_counts.py`` counts them.
 */
#include "scan.h"

#define COUNTS 5
#define NUMBERS 8 /* a time and seven classes */

enum column { AT, ORDINAL, HAS_INFO, MODEL, HAS_TOTAL, HAS_LAST, TOTAL };
enum part { INPUT, CACHED, WRITTEN, OUTPUT, REASONING };

typedef struct {
    long long earliest, least;
    PyObject *prefix, *around;
    int64_t before[COUNTS];
} Run;

static int64_t smaller(int64_t one, int64_t other) { return one < other ? one : other; }

static bool read_counts(PyObject *tuple, Py_ssize_t from, int64_t *counts) {
    if (PyTuple_Size(tuple) < from + COUNTS) {
        PyErr_SetString(PyExc_TypeError, "a total has five counts");
        return false;
    }
    for (int i = 0; i < COUNTS; i++) {
        counts[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, from + i));
        if (counts[i] < 0) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "below zero");
            return false;
        }
    }
    return true;
}

static PyObject *numbers(const int64_t *values, int count) {
    PyObject *tuple = PyTuple_New(count);
    for (int i = 0; tuple != NULL && i < count; i++) {
        PyObject *value = PyLong_FromLongLong(values[i]);
        if (value == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SetItem(tuple, i, value);
    }
    return tuple;
}

/* The prefix and the counts, none of which is below zero, with a slash between two. */
static PyObject *key_of(const Run *run, const int64_t *total) {
    char name[COUNTS * 21], *at = name + sizeof name;
    for (int i = COUNTS - 1; i >= 0; i--) {
        int64_t rest = total[i];
        do
            *--at = (char)('0' + rest % 10);
        while ((rest /= 10) > 0);
        if (i > 0)
            *--at = '/';
    }
    PyObject *end = PyUnicode_FromStringAndSize(at, name + sizeof name - at);
    PyObject *key = end ? PyUnicode_Concat(run->prefix, end) : NULL;
    Py_XDECREF(end);
    return key;
}

/* What a total has grown by; false if it is less somewhere. */
static bool growth(const Run *run, const int64_t *total, int64_t *used) {
    bool none_less = true;
    for (int i = 0; i < COUNTS; i++) {
        used[i] = total[i] - run->before[i];
        none_less = none_less && used[i] >= 0;
    }
    return none_less;
}

static PyObject *entry(const Run *run, int64_t at, const int64_t *total, const int64_t *used) {
    int64_t cached = smaller(used[CACHED], used[INPUT]);
    int64_t written = smaller(used[WRITTEN], used[INPUT] - cached);
    int64_t reasoning = smaller(used[REASONING], used[OUTPUT]);
    int64_t told[NUMBERS] = {
        at, used[INPUT] - cached - written, cached, written, 0, used[OUTPUT] - reasoning, reasoning, 0};
    PyObject *own = numbers(total, COUNTS), *key = key_of(run, total);
    PyObject *counted = numbers(told, NUMBERS), *found = NULL;
    if (own != NULL && key != NULL && counted != NULL)
        found = Py_BuildValue("O(OOO)", own, key, counted, run->around);
    Py_XDECREF(own);
    Py_XDECREF(key);
    Py_XDECREF(counted);
    return found;
}

/* 1: taken in; 0: not as plain as that; -1: an exception is set. */
static int take(Run *run, PyObject *row, PyObject *found) {
    if (!PyTuple_Check(row) || PyTuple_Size(row) < TOTAL + COUNTS)
        return 0;
    PyObject *time = PyTuple_GetItem(row, AT), *ordinal = PyTuple_GetItem(row, ORDINAL);
    if (PyTuple_GetItem(row, HAS_TOTAL) != Py_True || time == Py_None ||
        PyObject_IsTrue(PyTuple_GetItem(row, MODEL)) != 0)
        return 0;
    int64_t total[COUNTS], used[COUNTS], any = 0;
    int64_t at = PyLong_AsLongLong(time);
    int64_t number = ordinal == Py_None ? INT64_MAX : PyLong_AsLongLong(ordinal);
    if (!read_counts(row, TOTAL, total) || PyErr_Occurred())
        return -1;
    if (at < run->earliest || number < run->least || !growth(run, total, used))
        return 0;
    for (int i = 0; i < COUNTS; i++) {
        any |= used[i];
        run->before[i] = total[i];
    }
    if (any == 0)
        return 1;
    PyObject *one = entry(run, at, total, used);
    int failed = one == NULL ? -1 : PyList_Append(found, one);
    Py_XDECREF(one);
    return failed < 0 ? -1 : 1;
}

static PyObject *plain_totals(PyObject *module, PyObject *arguments) {
    PyObject *rows, *before;
    Py_ssize_t at, most;
    Run run;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!nnO!(LL)(UO)", &PyList_Type, &rows, &at, &most,
                          &PyTuple_Type, &before, &run.earliest, &run.least, &run.prefix,
                          &run.around) ||
        !read_counts(before, 0, run.before))
        return NULL;
    PyObject *found = PyList_New(0);
    int taken = 1;
    while (found != NULL && at < PyList_Size(rows) && PyList_Size(found) < most) {
        taken = take(&run, PyList_GetItem(rows, at), found);
        if (taken != 1)
            break;
        at++;
    }
    PyObject *last = taken < 0 || found == NULL ? NULL : numbers(run.before, COUNTS);
    if (last != NULL)
        return Py_BuildValue("nNN", at, last, found);
    Py_XDECREF(found);
    return NULL;
}

static PyMethodDef FUNCTIONS[] = {
    {"plain_totals", plain_totals, METH_VARARGS, "Count running totals as long as they are plain."},
    {NULL, NULL, 0, NULL},
};

int add_plain_totals(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
