/* Which calls lie in several files: keys are hashes of 8 bytes, in the machine's order.
 *
 * repeated_keys(parts) returns the keys that occur more than once in all parts together.
 * holders(parts, wanted) returns the places of the parts that have one of the keys.
 */
#include "scan.h"
#include <stdlib.h>
#include <string.h>

#define KEY 8

/* Open addressing; nothing is taken out. Keys are hashes already. */
typedef struct {
    uint64_t *keys;
    unsigned char *times; /* how often each was put in, 2 for more often */
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
        table->times[at] += table->times[at] < 2;
    }
}

static bool has_any(const Table *table, const char *bytes, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i + KEY <= size; i += KEY)
        if (table->times[place_of(table, key_at(bytes + i))] != 0)
            return true;
    return false;
}

static PyObject *put_twice(const Table *table) {
    Py_ssize_t count = 0;
    for (size_t i = 0; i < table->size; i++)
        count += table->times[i] == 2;
    PyObject *keys = PyBytes_FromStringAndSize(NULL, count * KEY);
    char *into = keys ? PyBytes_AsString(keys) : NULL;
    for (size_t i = 0; into != NULL && i < table->size; i++)
        if (table->times[i] == 2) {
            memcpy(into, &table->keys[i], KEY);
            into += KEY;
        }
    return keys;
}

static PyObject *repeated_keys(PyObject *module, PyObject *parts) {
    Py_ssize_t all = 0, size, count = PyList_Size(parts);
    PyObject *repeated = NULL;
    Table table;
    char *bytes;
    (void)module;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyBytes_AsStringAndSize(PyList_GetItem(parts, i), &bytes, &size) < 0)
            return NULL;
        all += size;
    }
    if (count >= 0 && table_begin(&table, all)) {
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *part = PyList_GetItem(parts, i);
            put_all(&table, PyBytes_AsString(part), PyBytes_Size(part));
        }
        repeated = put_twice(&table);
    }
    if (count >= 0)
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
    {"repeated_keys", repeated_keys, METH_O, "Return the keys that occur more than once."},
    {"holders", holders, METH_VARARGS, "Return which parts have one of the keys."},
    {NULL, NULL, 0, NULL},
};

int add_call_keys(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
