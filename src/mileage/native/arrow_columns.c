/* Columns of Python values as one stream of the Arrow C data interface.
 *
 * arrow_schema(fields) and arrow_stream(fields, columns) return the capsules that the
 * Arrow PyCapsule interface asks for. A field is (name, format): "u" text, "l" 64-bit
 * and "i" 32-bit integers, "b" truths; None is null. Columns are lists, one as long as
 * the other. Layouts: the Arrow columnar format 1.x.
 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

enum { NULLABLE = 2, NO_MEMORY = 12 };

/* Schemas. */

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child != NULL && child->release != NULL)
            child->release(child);
        free(child);
    }
    free(schema->children);
    free((void *)schema->format);
    free((void *)schema->name);
    schema->release = NULL;
}

/* On failure nothing is left to be released. */
static bool fill_schema(struct ArrowSchema *schema, const char *format, const char *name,
                        int64_t children) {
    memset(schema, 0, sizeof *schema);
    schema->release = release_schema;
    schema->flags = NULLABLE;
    schema->format = strdup(format);
    schema->name = strdup(name);
    if (children > 0)
        schema->children = calloc((size_t)children, sizeof *schema->children);
    if (schema->format == NULL || schema->name == NULL ||
        (children > 0 && schema->children == NULL)) {
        release_schema(schema);
        return false;
    }
    for (; schema->n_children < children; schema->n_children++) {
        struct ArrowSchema *child = calloc(1, sizeof *child);
        if (child == NULL) {
            release_schema(schema);
            return false;
        }
        schema->children[schema->n_children] = child;
    }
    return true;
}

static bool copy_schema(struct ArrowSchema *to, const struct ArrowSchema *from) {
    if (!fill_schema(to, from->format, from->name, from->n_children))
        return false;
    for (int64_t i = 0; i < from->n_children; i++)
        if (!copy_schema(to->children[i], from->children[i])) {
            release_schema(to);
            return false;
        }
    return true;
}

static bool known_format(const char *format) {
    return strchr("ulib", format[0]) != NULL && format[0] != '\0' && format[1] == '\0';
}

static bool read_fields(PyObject *fields, struct ArrowSchema *schema) {
    const Py_ssize_t count = PyTuple_Size(fields);
    if (count < 0)
        return false;
    if (!fill_schema(schema, "+s", "", count)) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *name, *format;
        PyObject *field = PyTuple_GetItem(fields, i);
        bool read = PyTuple_Check(field) && PyArg_ParseTuple(field, "ss", &name, &format);
        if (read && !known_format(format))
            PyErr_Format(PyExc_ValueError, "unknown format: %s", format);
        else if (!PyErr_Occurred() && !read)
            PyErr_SetString(PyExc_TypeError, "a field is (name, format)");
        else if (read && !fill_schema(schema->children[i], format, name, 0))
            PyErr_NoMemory();
        if (PyErr_Occurred()) {
            release_schema(schema);
            return false;
        }
    }
    return true;
}

/* Arrays. */

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child != NULL && child->release != NULL)
            child->release(child);
        free(child);
    }
    for (int64_t i = 0; i < array->n_buffers; i++)
        free((void *)array->buffers[i]);
    free(array->children);
    free(array->buffers);
    array->release = NULL;
}

static bool fill_array(struct ArrowArray *array, int64_t length, int64_t buffers) {
    memset(array, 0, sizeof *array);
    array->release = release_array;
    array->length = length;
    array->buffers = calloc((size_t)buffers, sizeof *array->buffers);
    if (array->buffers == NULL)
        return false;
    array->n_buffers = buffers;
    return true;
}

/* At least one byte, zeroed: a buffer of no rows is there as well. */
static void *new_buffer(struct ArrowArray *array, int at, size_t size) {
    void *buffer = calloc(size + 8, 1);
    array->buffers[at] = buffer;
    return buffer;
}

static void set_bit(uint8_t *bits, Py_ssize_t at) { bits[at >> 3] |= (uint8_t)(1 << (at & 7)); }

static bool whole_numbers(PyObject *column, struct ArrowArray *array, bool wide) {
    const Py_ssize_t size = (Py_ssize_t)array->length;
    uint8_t *valid = new_buffer(array, 0, (size_t)size / 8 + 1);
    void *values = new_buffer(array, 1, (size_t)size * (wide ? 8 : 4));
    if (valid == NULL || values == NULL)
        return PyErr_NoMemory() != NULL;
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *value = PyList_GetItem(column, i);
        if (value == Py_None) {
            array->null_count++;
            continue;
        }
        const long long number = PyLong_AsLongLong(value);
        if (number == -1 && PyErr_Occurred())
            return false;
        if (wide) {
            ((int64_t *)values)[i] = number;
        } else if (number >= INT32_MIN && number <= INT32_MAX) {
            ((int32_t *)values)[i] = (int32_t)number;
        } else {
            PyErr_SetString(PyExc_OverflowError, "more than 32 bits");
            return false;
        }
        set_bit(valid, i);
    }
    return true;
}

static bool truths(PyObject *column, struct ArrowArray *array) {
    const Py_ssize_t size = (Py_ssize_t)array->length;
    uint8_t *valid = new_buffer(array, 0, (size_t)size / 8 + 1);
    uint8_t *values = new_buffer(array, 1, (size_t)size / 8 + 1);
    if (valid == NULL || values == NULL)
        return PyErr_NoMemory() != NULL;
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *value = PyList_GetItem(column, i);
        if (value == Py_None) {
            array->null_count++;
            continue;
        }
        if (value != Py_True && value != Py_False) {
            PyErr_SetString(PyExc_TypeError, "neither true nor false");
            return false;
        }
        set_bit(valid, i);
        if (value == Py_True)
            set_bit(values, i);
    }
    return true;
}

/* Offsets first: they tell how much room the texts take. */
static bool measured(PyObject *column, struct ArrowArray *array, uint8_t *valid,
                     int32_t *offsets) {
    int64_t end = 0;
    Py_ssize_t length = 0;
    PyObject *before = NULL;
    for (Py_ssize_t i = 0; i < (Py_ssize_t)array->length; i++) {
        PyObject *value = PyList_GetItem(column, i);
        if (value == Py_None) {
            array->null_count++;
        } else {
            if (value != before && PyUnicode_AsUTF8AndSize(value, &length) == NULL)
                return false;
            before = value;
            end += length;
            if (end > INT32_MAX) {
                PyErr_SetString(PyExc_OverflowError, "more than 2 GB of text");
                return false;
            }
            set_bit(valid, i);
        }
        offsets[i + 1] = (int32_t)end;
    }
    return true;
}

static bool texts(PyObject *column, struct ArrowArray *array) {
    const Py_ssize_t size = (Py_ssize_t)array->length;
    uint8_t *valid = new_buffer(array, 0, (size_t)size / 8 + 1);
    int32_t *offsets = new_buffer(array, 1, ((size_t)size + 1) * sizeof *offsets);
    if (valid == NULL || offsets == NULL)
        return PyErr_NoMemory() != NULL;
    if (!measured(column, array, valid, offsets))
        return false;
    char *text = new_buffer(array, 2, (size_t)offsets[size]);
    if (text == NULL)
        return PyErr_NoMemory() != NULL;
    PyObject *before = NULL;
    const char *held = NULL;
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *value = PyList_GetItem(column, i);
        if (value == Py_None)
            continue;
        if (value != before && (held = PyUnicode_AsUTF8AndSize(value, NULL)) == NULL)
            return false;
        before = value;
        memcpy(text + offsets[i], held, (size_t)(offsets[i + 1] - offsets[i]));
    }
    return true;
}

static bool column_of(PyObject *column, char format, struct ArrowArray *array, int64_t length) {
    if (!PyList_Check(column) || PyList_Size(column) != length) {
        PyErr_SetString(PyExc_ValueError, "columns are equally long lists");
        return false;
    }
    if (!fill_array(array, length, format == 'u' ? 3 : 2))
        return PyErr_NoMemory() != NULL;
    if (format == 'u')
        return texts(column, array);
    return format == 'b' ? truths(column, array) : whole_numbers(column, array, format == 'l');
}

static bool read_columns(PyObject *columns, const struct ArrowSchema *schema,
                         struct ArrowArray *array) {
    const Py_ssize_t count = PyTuple_Size(columns);
    if (count < 0)
        return false;
    if (count != schema->n_children || count == 0) {
        PyErr_SetString(PyExc_ValueError, "one column a field");
        return false;
    }
    PyObject *first = PyTuple_GetItem(columns, 0);
    const Py_ssize_t length = PyList_Check(first) ? PyList_Size(first) : 0;
    if (!fill_array(array, length, 1))
        return PyErr_NoMemory() != NULL;
    array->children = calloc((size_t)count, sizeof *array->children);
    if (array->children == NULL)
        return PyErr_NoMemory() != NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        struct ArrowArray *child = array->children[i] = calloc(1, sizeof *child);
        if (child == NULL)
            return PyErr_NoMemory() != NULL;
        array->n_children = i + 1;
        const char format = schema->children[i]->format[0];
        if (!column_of(PyTuple_GetItem(columns, i), format, child, length))
            return false;
    }
    return true;
}

/* The stream: one array, and then no more. */

typedef struct {
    struct ArrowSchema schema;
    struct ArrowArray array;
} Held;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    const Held *held = stream->private_data;
    return copy_schema(out, &held->schema) ? 0 : NO_MEMORY;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    Held *held = stream->private_data;
    *out = held->array; /* moved; a released one says that there are no more */
    held->array.release = NULL;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "no memory";
}

static void release_held(Held *held) {
    if (held->schema.release != NULL)
        held->schema.release(&held->schema);
    if (held->array.release != NULL)
        held->array.release(&held->array);
    free(held);
}

static void release_stream(struct ArrowArrayStream *stream) {
    release_held(stream->private_data);
    stream->release = NULL;
}

static void drop_schema(PyObject *capsule) {
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema->release != NULL)
        schema->release(schema);
    free(schema);
}

static void drop_stream(PyObject *capsule) {
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream->release != NULL)
        stream->release(stream);
    free(stream);
}

static PyObject *arrow_schema(PyObject *module, PyObject *fields) {
    (void)module;
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    if (schema == NULL)
        return PyErr_NoMemory();
    PyObject *capsule = NULL;
    if (read_fields(fields, schema)) {
        capsule = PyCapsule_New(schema, "arrow_schema", drop_schema);
        if (capsule == NULL)
            release_schema(schema);
    }
    if (capsule == NULL)
        free(schema);
    return capsule;
}

static PyObject *arrow_stream(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *fields, *columns, *capsule = NULL;
    if (!PyArg_ParseTuple(args, "OO", &fields, &columns))
        return NULL;
    Held *held = calloc(1, sizeof *held);
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    if (held == NULL || stream == NULL) {
        free(held);
        free(stream);
        return PyErr_NoMemory();
    }
    if (read_fields(fields, &held->schema) &&
        read_columns(columns, &held->schema, &held->array)) {
        *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error,
                                            release_stream, held};
        capsule = PyCapsule_New(stream, "arrow_array_stream", drop_stream);
    }
    if (capsule == NULL) {
        release_held(held);
        free(stream);
    }
    return capsule;
}

static PyMethodDef FUNCTIONS[] = {
    {"arrow_schema", arrow_schema, METH_O, "Return the schema of these fields."},
    {"arrow_stream", arrow_stream, METH_VARARGS, "Return these columns as a stream."},
    {NULL, NULL, 0, NULL},
};

int add_arrow_columns(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
