/* The plain lines of Claude Code's answers, as calls are packed.
 *
 * answer_rows(rows) takes rows of ``sources/claude_code_rows.py`` and returns what their
 * columns from the model to the copy are like, each combination once, and for each row
 * (number of its combination, time, the seven disjoint classes), as ``classes`` there
 * counts them.
 */
#include "scan.h"

#define COUNTS 7
#define NUMBERS 9 /* a combination, a time and seven classes */

enum column { KEY, AT, MODEL, COPIED = 9, INPUT };
enum count { FRESH, CACHE_READ, WRITTEN, FIVE_MINUTES, HOUR, THOUGHT, OUTPUT };

typedef struct {
    PyObject *alike, *numbers; /* the combinations, and a number for each */
    PyObject *before;          /* the row before: it is most often like it */
    int64_t number;
} Found;

static int64_t larger(int64_t one, int64_t other) { return one > other ? one : other; }

static bool as_before(const Found *found, PyObject *row) {
    if (found->before == NULL)
        return false;
    for (int i = MODEL; i <= COPIED; i++)
        if (PyTuple_GetItem(found->before, i) != PyTuple_GetItem(row, i))
            return false;
    return true;
}

/* The number of a row's combination; below zero: an exception is set. */
static int64_t number_of(Found *found, PyObject *row) {
    if (as_before(found, row))
        return found->number;
    PyObject *alike = PyTuple_GetSlice(row, MODEL, COPIED + 1);
    PyObject *known = alike ? PyDict_GetItemWithError(found->numbers, alike) : NULL;
    int64_t number = -1;
    if (known != NULL) {
        number = PyLong_AsLongLong(known);
    } else if (alike != NULL && !PyErr_Occurred()) {
        PyObject *next = PyLong_FromSsize_t(PyList_Size(found->alike));
        if (next != NULL && PyDict_SetItem(found->numbers, alike, next) == 0 &&
            PyList_Append(found->alike, alike) == 0)
            number = PyLong_AsLongLong(next);
        Py_XDECREF(next);
    }
    Py_XDECREF(alike);
    found->before = row;
    found->number = number;
    return number;
}

static bool read_row(Found *found, PyObject *row, int64_t *told) {
    int64_t n[COUNTS];
    if (!PyTuple_Check(row) || PyTuple_Size(row) < INPUT + COUNTS) {
        PyErr_SetString(PyExc_TypeError, "a row of an answer has seventeen columns");
        return false;
    }
    for (int i = 0; i < COUNTS; i++)
        n[i] = PyLong_AsLongLong(PyTuple_GetItem(row, INPUT + i));
    told[1] = PyLong_AsLongLong(PyTuple_GetItem(row, AT));
    if (PyErr_Occurred() || (told[0] = number_of(found, row)) < 0)
        return false;
    int64_t writes = larger(n[WRITTEN], n[HOUR] + n[FIVE_MINUTES]);
    int64_t thought = n[THOUGHT] < n[OUTPUT] ? n[THOUGHT] : n[OUTPUT];
    int64_t classes[COUNTS] = {
        n[FRESH], n[CACHE_READ], writes - n[HOUR], n[HOUR], n[OUTPUT] - thought, thought, 0};
    for (int i = 0; i < COUNTS; i++)
        told[2 + i] = classes[i];
    return true;
}

static PyObject *packed(Found *found, PyObject *row) {
    int64_t told[NUMBERS];
    PyObject *tuple = read_row(found, row, told) ? PyTuple_New(NUMBERS) : NULL;
    for (int i = 0; tuple != NULL && i < NUMBERS; i++) {
        PyObject *value = PyLong_FromLongLong(told[i]);
        if (value == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SetItem(tuple, i, value);
    }
    return tuple;
}

static PyObject *answer_rows(PyObject *module, PyObject *rows) {
    (void)module;
    if (!PyList_Check(rows)) {
        PyErr_SetString(PyExc_TypeError, "a list of rows");
        return NULL;
    }
    Py_ssize_t count = PyList_Size(rows);
    Found found = {PyList_New(0), PyDict_New(), NULL, 0};
    PyObject *all = found.alike && found.numbers ? PyList_New(count) : NULL;
    for (Py_ssize_t i = 0; all != NULL && i < count; i++) {
        PyObject *one = packed(&found, PyList_GetItem(rows, i));
        if (one == NULL)
            Py_CLEAR(all);
        else
            PyList_SetItem(all, i, one);
    }
    PyObject *both = all ? Py_BuildValue("OO", found.alike, all) : NULL;
    Py_XDECREF(all);
    Py_XDECREF(found.alike);
    Py_XDECREF(found.numbers);
    return both;
}

static PyMethodDef FUNCTIONS[] = {
    {"answer_rows", answer_rows, METH_O, "Pack the plain lines of answers."},
    {NULL, NULL, 0, NULL},
};

int add_answer_rows(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
