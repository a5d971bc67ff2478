/* Names of files below a folder, and all by which a change of one is told.
 *
 * listed_files(source, root, wanted, unwanted) looks at every folder once, in the order
 * in which they are found, and returns (source, path, inode, size, nanoseconds) of each
 * file whose name begins and ends as one of `wanted` says: pairs of bytes. Nothing that
 * is called as one of `unwanted` is, and no folder whose name with a slash behind it is,
 * is looked at. Links to files are followed, those to folders are not; what vanishes
 * meanwhile is left out. `os.scandir` says the same, a file at a time.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#define _DEFAULT_SOURCE
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "scan.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#ifdef __APPLE__
#define CHANGED(status) ((status).st_mtimespec)
#else
#define CHANGED(status) ((status).st_mtim)
#endif

typedef struct {
    PyObject *source, *wanted, *unwanted;
    PyObject *folders; /* paths as bytes; those found on the way are appended */
    PyObject *files;
} Looking;

static bool is_wanted(const Looking *own, const char *name, size_t length) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(own->wanted); i++) {
        const char *begin, *end;
        Py_ssize_t head, tail;
        if (!PyArg_ParseTuple(PyTuple_GetItem(own->wanted, i), "y#y#", &begin, &head, &end, &tail))
            return false;
        if (length >= (size_t)(head + tail) && memcmp(name, begin, (size_t)head) == 0 &&
            memcmp(name + length - tail, end, (size_t)tail) == 0)
            return true;
    }
    return false;
}

/* Whether it is excluded: a file by its name, a folder by its name and a slash. */
static bool is_unwanted(const Looking *own, const char *name, size_t length, bool folder) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(own->unwanted); i++) {
        char *one;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(own->unwanted, i), &one, &size) < 0)
            return false;
        if ((size_t)size == length + folder && memcmp(one, name, length) == 0 &&
            (!folder || one[length] == '/'))
            return true;
    }
    return false;
}

static PyObject *joined(const char *folder, const char *name) {
    size_t length = strlen(folder);
    const char *between = length && folder[length - 1] == '/' ? "" : "/";
    return PyBytes_FromFormat("%s%s%s", folder, between, name);
}

static bool append(PyObject *list, PyObject *one) {
    bool done = one != NULL && PyList_Append(list, one) == 0;
    Py_XDECREF(one);
    return done;
}

static PyObject *told(const Looking *own, const char *folder, const char *name,
                      const struct stat *status) {
    PyObject *bytes = joined(folder, name);
    PyObject *path = bytes ? PyUnicode_DecodeFSDefault(PyBytes_AsString(bytes)) : NULL;
    Py_XDECREF(bytes);
    if (path == NULL)
        return NULL;
    long long nanoseconds = CHANGED(*status).tv_sec * 1000000000LL + CHANGED(*status).tv_nsec;
    return Py_BuildValue("(ONKLL)", own->source, path, (unsigned long long)status->st_ino,
                         (long long)status->st_size, nanoseconds);
}

static bool is_folder(int folder, const struct dirent *entry) {
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

static bool take(Looking *own, const char *path, int folder, const struct dirent *entry) {
    const char *name = entry->d_name;
    size_t length = strlen(name);
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    if (is_folder(folder, entry))
        return is_unwanted(own, name, length, true) || append(own->folders, joined(path, name));
    if (!is_wanted(own, name, length) || is_unwanted(own, name, length, false) ||
        fstatat(folder, name, &status, 0) != 0)
        return true;
    return append(own->files, told(own, path, name, &status));
}

static bool look_into(Looking *own, const char *path) {
    DIR *folder = opendir(path);
    bool done = true;
    if (folder == NULL)
        return true;
    for (struct dirent *entry; done && (entry = readdir(folder)) != NULL;)
        done = take(own, path, dirfd(folder), entry) && PyErr_Occurred() == NULL;
    closedir(folder);
    return done;
}

static PyObject *listed_files(PyObject *module, PyObject *arguments) {
    PyObject *root;
    Looking own;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O&O!O!", &PyUnicode_Type, &own.source,
                          PyUnicode_FSConverter, &root, &PyTuple_Type, &own.wanted,
                          &PyTuple_Type, &own.unwanted))
        return NULL;
    own.folders = PyList_New(0);
    own.files = PyList_New(0);
    bool done = own.folders != NULL && own.files != NULL && append(own.folders, root);
    for (Py_ssize_t i = 0; done && i < PyList_Size(own.folders); i++)
        done = look_into(&own, PyBytes_AsString(PyList_GetItem(own.folders, i)));
    Py_XDECREF(own.folders);
    if (!done)
        Py_CLEAR(own.files);
    return own.files;
}

static PyMethodDef FUNCTIONS[] = {
    {"listed_files", listed_files, METH_VARARGS, "List files below a folder whose names fit."},
    {NULL, NULL, 0, NULL},
};

int add_found_files(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
