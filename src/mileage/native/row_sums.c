/* Rows of a personal report (``domain.quarter.QuarterRow``), added up.
 *
 * row_sums(rows, column) takes tuples of 22 columns and returns, for each value of one
 * column in the order of first appearance, a tuple of it and of all columns from the
 * ninth on: counts and costs as sums, a cost of None where no row has one, the earliest
 * and the latest time. OverflowError where 64 bits are not enough.
 */
#include "scan.h"

#include <string.h>

#define COLUMNS 22
#define NAMED 9 /* columns before the figures */
#define FIGURES (COLUMNS - NAMED)

enum figure { COST = 8, FIRST = 11, LAST };

typedef struct {
    int64_t figures[FIGURES];
    bool priced;
} Sum;

typedef struct {
    PyObject *keys, *places; /* in order, and the place of each */
    Sum *sums;
    Py_ssize_t count, room;
} Sums;

static Sum *added(Sums *own, PyObject *key) {
    if (own->count == own->room) {
        Py_ssize_t room = own->room ? own->room * 2 : 64;
        Sum *larger = PyMem_Realloc(own->sums, (size_t)room * sizeof(Sum));
        if (larger == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        own->sums = larger;
        own->room = room;
    }
    PyObject *place = PyLong_FromSsize_t(own->count);
    bool done = place != NULL && PyDict_SetItem(own->places, key, place) == 0 &&
                PyList_Append(own->keys, key) == 0;
    Py_XDECREF(place);
    if (!done)
        return NULL;
    Sum *sum = &own->sums[own->count++];
    memset(sum, 0, sizeof *sum);
    sum->figures[FIRST] = INT64_MAX;
    sum->figures[LAST] = INT64_MIN;
    return sum;
}

static Sum *sum_of(Sums *own, PyObject *key) {
    PyObject *place = PyDict_GetItemWithError(own->places, key);
    if (place != NULL)
        return &own->sums[PyLong_AsSsize_t(place)];
    return PyErr_Occurred() ? NULL : added(own, key);
}

static bool add_row(Sum *sum, PyObject *row) {
    for (int i = 0; i < FIGURES; i++) {
        PyObject *value = PyTuple_GetItem(row, NAMED + i);
        if (i == COST && value == Py_None)
            continue;
        int64_t number = PyLong_AsLongLong(value), *into = &sum->figures[i];
        if (number == -1 && PyErr_Occurred())
            return false;
        if (i == FIRST) {
            *into = number < *into ? number : *into;
        } else if (i == LAST) {
            *into = number > *into ? number : *into;
        } else if (__builtin_add_overflow(*into, number, into)) {
            PyErr_SetString(PyExc_OverflowError, "a sum above 64 bits");
            return false;
        }
        sum->priced |= i == COST;
    }
    return true;
}

static bool add_all(Sums *own, PyObject *rows, Py_ssize_t column) {
    for (Py_ssize_t i = 0; i < PyList_Size(rows); i++) {
        PyObject *row = PyList_GetItem(rows, i);
        if (!PyTuple_Check(row) || PyTuple_Size(row) != COLUMNS) {
            PyErr_SetString(PyExc_TypeError, "a row has 22 columns");
            return false;
        }
        Sum *sum = sum_of(own, PyTuple_GetItem(row, column));
        if (sum == NULL || !add_row(sum, row))
            return false;
    }
    return true;
}

static PyObject *told(PyObject *key, const Sum *sum) {
    PyObject *all = PyTuple_New(1 + FIGURES);
    if (all == NULL)
        return NULL;
    Py_INCREF(key);
    PyTuple_SetItem(all, 0, key);
    for (int i = 0; i < FIGURES; i++) {
        bool none = i == COST && !sum->priced;
        PyObject *value = none ? Py_BuildValue("") : PyLong_FromLongLong(sum->figures[i]);
        if (value == NULL) {
            Py_DECREF(all);
            return NULL;
        }
        PyTuple_SetItem(all, 1 + i, value);
    }
    return all;
}

static PyObject *row_sums(PyObject *module, PyObject *arguments) {
    PyObject *rows, *found = NULL;
    Py_ssize_t column;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!n", &PyList_Type, &rows, &column))
        return NULL;
    if (column < 0 || column >= NAMED) {
        PyErr_SetString(PyExc_ValueError, "rows have nine columns that name them");
        return NULL;
    }
    Sums own = {PyList_New(0), PyDict_New(), NULL, 0, 0};
    if (own.keys != NULL && own.places != NULL && add_all(&own, rows, column))
        found = PyList_New(own.count);
    for (Py_ssize_t i = 0; found != NULL && i < own.count; i++) {
        PyObject *one = told(PyList_GetItem(own.keys, i), &own.sums[i]);
        if (one == NULL)
            Py_CLEAR(found);
        else
            PyList_SetItem(found, i, one);
    }
    Py_XDECREF(own.keys);
    Py_XDECREF(own.places);
    PyMem_Free(own.sums);
    return found;
}

static PyMethodDef FUNCTIONS[] = {
    {"row_sums", row_sums, METH_VARARGS, "Add rows up by one of their columns."},
    {NULL, NULL, 0, NULL},
};

int add_row_sums(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
