/* What the parts of the extension share. Only the stable ABI of Python 3.11. */
#ifndef MILEAGE_SCAN_H
#define MILEAGE_SCAN_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

/* Make a type and put it into the module by the last part of its name. */
int add_type(PyObject *module, PyType_Spec *spec);

#endif
