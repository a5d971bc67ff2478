/* The extension: each part adds what it offers. */
#include "scan.h"

int add_answer_rows(PyObject *module);
int add_arrow_columns(PyObject *module);
int add_call_keys(PyObject *module);
int add_call_sums(PyObject *module);
int add_found_files(PyObject *module);
int add_line_scanner(PyObject *module);
int add_log_scanner(PyObject *module);
int add_plain_totals(PyObject *module);
int add_row_sums(PyObject *module);
int add_span_sieve(PyObject *module);
int add_stable_ids(PyObject *module);

static int (*const PARTS[])(PyObject *) = {
    add_answer_rows,  add_arrow_columns, add_call_keys,   add_call_sums,
    add_found_files,  add_line_scanner,  add_log_scanner, add_plain_totals,
    add_row_sums,     add_span_sieve,    add_stable_ids,
};

int add_type(PyObject *module, PyType_Spec *spec) {
    PyObject *type = PyType_FromSpec(spec);
    int failed = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return failed;
}

static int fill(PyObject *module) {
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (PARTS[i](module) < 0)
            return -1;
    return 0;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef MODULE = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mileage.native._scan",
    .m_doc = "Scanners in C; everything works without them, only slower.",
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__scan(void) { return PyModuleDef_Init(&MODULE); }
