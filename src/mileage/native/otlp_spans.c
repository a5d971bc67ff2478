/* Tells spans that nobody can want, by their names and the keys of their attributes. */
#include "otlp_logs.h"
#include "scan.h"

#define TAG(number, type) ((uint32_t)(number) << 3 | (type))
#define SHORT 128 /* a length below this is its own varint */

enum { SPAN_NAME = TAG(5, 2), SPAN_ATTRIBUTES = TAG(9, 2), PAIR_KEY = TAG(1, 2) };

typedef struct {
    PyObject_HEAD
    PyObject *kept[2]; /* the words' own texts */
    Words names, marks;
} Sieve;

/* What is written in another way than by every encoder may be anything. */
static bool marked(const Sieve *own, Wire pair) {
    if (pair.end - pair.at < 2 || pair.at[0] != PAIR_KEY || pair.at[1] >= SHORT)
        return true;
    const Wire key = {pair.at + 2, pair.at + 2 + pair.at[1]};
    return pair.end - key.at >= key.end - key.at && word_number(&own->marks, key) >= 0;
}

static bool may_want(const Sieve *own, Wire span) {
    while (span.at < span.end) {
        uint32_t tag;
        Wire piece;
        if (!wire_tag(&span, &tag))
            return true;
        if (tag != SPAN_NAME && tag != SPAN_ATTRIBUTES) {
            if (!wire_skip(&span, tag))
                return true;
            continue;
        }
        if (!wire_piece(&span, &piece))
            return true;
        if (tag == SPAN_NAME ? word_number(&own->names, piece) >= 0 : marked(own, piece))
            return true;
    }
    return false;
}

static PyObject *Sieve_may_want(PyObject *self, PyObject *span) {
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(span, &bytes, &size) < 0)
        return NULL;
    const Byte *const at = (const Byte *)bytes;
    return PyBool_FromLong(may_want((const Sieve *)self, (Wire){at, at + size}));
}

static PyObject *Sieve_new(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    (void)named;
    PyObject *names, *marks;
    if (!PyArg_ParseTuple(arguments, "O!O!", &PyTuple_Type, &names, &PyTuple_Type, &marks))
        return NULL;
    PyObject *self = PyType_GenericAlloc(type, 0);
    Sieve *const own = (Sieve *)self;
    if (own == NULL)
        return NULL;
    own->kept[0] = Py_NewRef(names);
    own->kept[1] = Py_NewRef(marks);
    if (words_from(&own->names, names) < 0 || words_from(&own->marks, marks) < 0)
        Py_CLEAR(self);
    return self;
}

static void Sieve_free(PyObject *self) {
    Sieve *const own = (Sieve *)self;
    PyTypeObject *const type = Py_TYPE(self);
    words_free(&own->names);
    words_free(&own->marks);
    Py_XDECREF(own->kept[0]);
    Py_XDECREF(own->kept[1]);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef METHODS[] = {
    {"may_want", Sieve_may_want, METH_O, "Tell whether a packed span may be wanted."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot SLOTS[] = {
    {Py_tp_new, Sieve_new},
    {Py_tp_dealloc, Sieve_free},
    {Py_tp_methods, METHODS},
    {0, NULL},
};

static PyType_Spec SPEC = {"mileage.native._scan.SpanSieve", sizeof(Sieve), 0,
                           Py_TPFLAGS_DEFAULT, SLOTS};

int add_span_sieve(PyObject *module) { return add_type(module, &SPEC); }
