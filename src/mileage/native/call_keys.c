/* Which calls lie in several files: keys are hashes of 8 bytes, in the machine's order.
 *
 * repeated_keys(parts, among=None) returns the keys that occur more than once in all
 * parts together; only those that one of the parts ``among`` has, if any are given.
 * holders(parts, wanted) returns the places of the parts that have one of the keys.
 */
#include "scan.h"
#include <stdlib.h>
#include <string.h>

#define KEY 8

enum times { NONE, KNOWN, ONCE, TWICE };

/* Open addressing; nothing is taken out. Keys are hashes already. */
typedef struct {
    uint64_t *keys;
    unsigned char *times; /* 0 where there is no key; else from KNOWN on */
    size_t size;
} Table;

static bool table_begin(Table *table, Py_ssize_t bytes) {
    table->size = 16;
    while (table->size < 2 * (size_t)(bytes / KEY))
        table->size *= 2;
    table->keys = malloc(table->size * sizeof *table->keys);
    table->times = calloc(table->size, 1);
    if (table->keys != NULL && table->times != NULL)
        return true;
    PyErr_NoMemory();
    return false;
}

static void table_end(Table *table) {
    free(table->keys);
    free(table->times);
}

/* Where a key is, or the free place where it belongs. */
static size_t place_of(const Table *table, uint64_t key) {
    size_t at = (size_t)(key ^ key >> 32) & (table->size - 1);
    while (table->times[at] != 0 && table->keys[at] != key)
        at = (at + 1) & (table->size - 1);
    return at;
}

static uint64_t key_at(const char *bytes) {
    uint64_t key;
    memcpy(&key, bytes, KEY);
    return key;
}

static void put_all(Table *table, const char *bytes, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i + KEY <= size; i += KEY) {
        size_t at = place_of(table, key_at(bytes + i));
        table->keys[at] = key_at(bytes + i);
        table->times[at] = KNOWN;
    }
}

static void put_and_count(Table *table, const char *bytes, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i + KEY <= size; i += KEY) {
        size_t at = place_of(table, key_at(bytes + i));
        table->keys[at] = key_at(bytes + i);
        table->times[at] = table->times[at] == NONE ? ONCE : TWICE;
    }
}

/* Note how often keys that are in the table occur. */
static void count_all(Table *table, const char *bytes, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i + KEY <= size; i += KEY) {
        unsigned char *times = &table->times[place_of(table, key_at(bytes + i))];
        *times += *times != 0 && *times < TWICE;
    }
}

static bool has_any(const Table *table, const char *bytes, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i + KEY <= size; i += KEY)
        if (table->times[place_of(table, key_at(bytes + i))] != 0)
            return true;
    return false;
}

static PyObject *told_twice(const Table *table) {
    Py_ssize_t count = 0;
    for (size_t i = 0; i < table->size; i++)
        count += table->times[i] == TWICE;
    PyObject *keys = PyBytes_FromStringAndSize(NULL, count * KEY);
    char *into = keys ? PyBytes_AsString(keys) : NULL;
    for (size_t i = 0; into != NULL && i < table->size; i++)
        if (table->times[i] == TWICE) {
            memcpy(into, &table->keys[i], KEY);
            into += KEY;
        }
    return keys;
}

/* How many bytes the parts of a list have; below zero: an exception is set. */
static Py_ssize_t bytes_in(PyObject *parts) {
    Py_ssize_t all = 0, size;
    char *bytes;
    for (Py_ssize_t i = 0; i < PyList_Size(parts); i++) {
        if (PyBytes_AsStringAndSize(PyList_GetItem(parts, i), &bytes, &size) < 0)
            return -1;
        all += size;
    }
    return all;
}

static void each(Table *table, PyObject *parts, void (*take)(Table *, const char *, Py_ssize_t)) {
    for (Py_ssize_t i = 0; i < PyList_Size(parts); i++) {
        PyObject *part = PyList_GetItem(parts, i);
        take(table, PyBytes_AsString(part), PyBytes_Size(part));
    }
}

static PyObject *repeated_keys(PyObject *module, PyObject *arguments) {
    PyObject *parts, *among = NULL, *repeated = NULL;
    Table table;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!|O!", &PyList_Type, &parts, &PyList_Type, &among))
        return NULL;
    Py_ssize_t all = bytes_in(parts), few = among ? bytes_in(among) : all;
    if (all < 0 || few < 0)
        return NULL;
    if (table_begin(&table, few)) {
        if (among != NULL)
            each(&table, among, put_all);
        each(&table, parts, among != NULL ? count_all : put_and_count);
        repeated = told_twice(&table);
    }
    table_end(&table);
    return repeated;
}

static bool note_holders(const Table *table, PyObject *parts, PyObject *found) {
    for (Py_ssize_t i = 0; i < PyList_Size(parts); i++) {
        char *bytes;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(PyList_GetItem(parts, i), &bytes, &size) < 0)
            return false;
        if (has_any(table, bytes, size)) {
            PyObject *place = PyLong_FromSsize_t(i);
            bool done = place != NULL && PyList_Append(found, place) == 0;
            Py_XDECREF(place);
            if (!done)
                return false;
        }
    }
    return true;
}

static PyObject *holders(PyObject *module, PyObject *arguments) {
    PyObject *parts, *found = NULL;
    const char *wanted;
    Py_ssize_t size;
    Table table;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!y#", &PyList_Type, &parts, &wanted, &size))
        return NULL;
    if (table_begin(&table, size)) {
        put_all(&table, wanted, size);
        found = PyList_New(0);
        if (found != NULL && !note_holders(&table, parts, found))
            Py_CLEAR(found);
    }
    table_end(&table);
    return found;
}

static PyMethodDef FUNCTIONS[] = {
    {"repeated_keys", repeated_keys, METH_VARARGS, "Return the keys that occur more than once."},
    {"holders", holders, METH_VARARGS, "Return which parts have one of the keys."},
    {NULL, NULL, 0, NULL},
};

int add_call_keys(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
