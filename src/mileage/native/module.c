/* The extension: each part adds what it offers. */
#include "scan.h"

int add_line_scanner(PyObject *module);
int add_log_scanner(PyObject *module);

static int fill(PyObject *module) {
    return add_line_scanner(module) < 0 || add_log_scanner(module) < 0 ? -1 : 0;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef MODULE = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mileage.native._scan",
    .m_doc = "Scanners in C; everything works without them, only slower.",
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__scan(void) { return PyModuleDef_Init(&MODULE); }
