/* Names of files below a folder, and all by which a change of one is told.
 *
 * begin_search(root, wanted, unwanted) begins to look at every folder once, and end_search
 * returns what was found, packed: of each file whose name begins and ends as one of
 * `wanted` says (pairs of bytes), in the order in which they are found. Nothing that is
 * called as one of `unwanted` is, and no folder whose name with a slash behind it is, is
 * looked at. Links are followed, those to folders when all else has been looked at; no
 * folder is looked into twice, and none that holds the root. What vanishes meanwhile, and
 * a link that leads nowhere, is left out. A folder of which not all can be looked at is
 * itself told as a file, with zeros: who reads it learns why. files_of(source, packed)
 * unpacks (source, path, inode, size, nanoseconds), and listed_files does all three.
 * `os.scandir` says the same, a file at a time.
 *
 * The search is a thread that touches nothing of Python's: looking at thousands of files
 * takes as long as loading the modules that answer, and both need not wait for each other.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#define _DEFAULT_SOURCE
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "scan.h"
#include "seen_folders.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef __APPLE__
#define CHANGED(status) ((status).st_mtimespec)
#else
#define CHANGED(status) ((status).st_mtim)
#endif

#define CAPSULE "mileage.search"

typedef struct {
    char *bytes;
    size_t used, room;
} Text;

/* How a name begins and ends; one that is unwanted is all beginning. */
typedef struct {
    const char *begin, *end;
    Py_ssize_t head, tail;
} Name;

/* Of each file: these, its path and a zero. */
typedef struct {
    uint64_t inode;
    int64_t size, nanoseconds;
} About;

typedef struct {
    PyObject *root, *names[2]; /* what the rest points into */
    Name *wanted, *unwanted;
    Py_ssize_t wanted_count, unwanted_count;
    Text folders; /* paths with a zero each; those found on the way are appended */
    Text files;
    Text links; /* paths of those that lead to folders, as far as we can tell */
    Seen seen;   /* while links are followed */
    bool following;
    bool denied; /* not all of the folder at hand can be looked at */
    bool failed; /* no memory */
    bool running;
    pthread_t thread;
} Search;

static bool put(Text *text, const void *bytes, size_t size) {
    if (text->used + size > text->room) {
        size_t room = 2 * (text->used + size);
        char *larger = realloc(text->bytes, room);
        if (larger == NULL)
            return false;
        text->bytes = larger;
        text->room = room;
    }
    if (size)
        memcpy(text->bytes + text->used, bytes, size);
    text->used += size;
    return true;
}

static bool is_wanted(const Search *own, const char *name, size_t length) {
    for (const Name *one = own->wanted; one < own->wanted + own->wanted_count; one++)
        if (length >= (size_t)(one->head + one->tail) &&
            memcmp(name, one->begin, (size_t)one->head) == 0 &&
            memcmp(name + length - one->tail, one->end, (size_t)one->tail) == 0)
            return true;
    return false;
}

/* Whether it is excluded: a file by its name, a folder by its name and a slash. */
static bool is_unwanted(const Search *own, const char *name, size_t length, bool folder) {
    for (const Name *one = own->unwanted; one < own->unwanted + own->unwanted_count; one++)
        if ((size_t)one->head == length + folder && memcmp(one->begin, name, length) == 0 &&
            (!folder || one->begin[length] == '/'))
            return true;
    return false;
}

static bool put_path(Text *text, const char *folder, const char *name) {
    size_t length = strlen(folder);
    bool ends = length && folder[length - 1] == '/';
    return put(text, folder, length) && put(text, "/", !ends) &&
           put(text, name, strlen(name) + 1);
}

static bool put_file(Search *own, const char *folder, const char *name,
                     const struct stat *status) {
    About about = {status->st_ino, status->st_size,
                   CHANGED(*status).tv_sec * 1000000000LL + CHANGED(*status).tv_nsec};
    return put(&own->files, &about, sizeof about) && put_path(&own->files, folder, name);
}

static bool put_denied(Search *own, const char *folder) {
    About about = {0};
    return put(&own->files, &about, sizeof about) &&
           put(&own->files, folder, strlen(folder) + 1);
}

/* Not what vanished, nor where a link leads nowhere. No error is 0. */
static bool hides(int error) {
    return error != 0 && error != ENOENT && error != ENOTDIR && error != ELOOP;
}

static bool see(Search *own, int folder, const char *name, struct stat *status, int how) {
    bool seen = fstatat(folder, name, status, how) == 0;
    own->denied = own->denied || (!seen && hides(errno));
    return seen;
}

static int kind_of(Search *own, int folder, const struct dirent *entry) {
    struct stat status;
    if (entry->d_type != DT_UNKNOWN ||
        !see(own, folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
        return entry->d_type;
    return S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
}

/* Whether a link leads to a folder, or to what hides. */
static bool leads(int folder, const char *name) {
    struct stat status;
    return fstatat(folder, name, &status, 0) == 0 ? S_ISDIR(status.st_mode) : hides(errno);
}

static bool take(Search *own, const char *path, int folder, const struct dirent *entry) {
    const char *name = entry->d_name;
    size_t length = strlen(name);
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    int kind = kind_of(own, folder, entry);
    bool enters = (kind == DT_DIR || kind == DT_LNK) && !is_unwanted(own, name, length, true);
    if (kind == DT_DIR)
        return !enters || put_path(&own->folders, path, name);
    if (enters && leads(folder, name))
        return put_path(&own->links, path, name);
    if (!is_wanted(own, name, length) || is_unwanted(own, name, length, false) ||
        !see(own, folder, name, &status, 0) || (kind == DT_LNK && S_ISDIR(status.st_mode)))
        return true;
    return put_file(own, path, name, &status);
}

static bool take_all(Search *own, const char *path, DIR *folder) {
    for (struct dirent *entry; (errno = 0, entry = readdir(folder)) != NULL;)
        if (!take(own, path, dirfd(folder), entry))
            return false;
    own->denied = own->denied || hides(errno);
    return true;
}

static bool look_into(Search *own, const char *path) {
    DIR *folder = opendir(path);
    own->denied = folder == NULL && hides(errno);
    bool done = folder == NULL || take_all(own, path, folder);
    if (folder != NULL)
        closedir(folder);
    return done && (!own->denied || put_denied(own, path));
}
static bool look_once(Search *own, const char *path) {
    bool before = false;
    if (own->following && !note_folder(&own->seen, path, &before))
        return false;
    return before || look_into(own, path);
}

static void look_below(Search *own, size_t at) {
    while (!own->failed && at < own->folders.used) {
        /* A copy: those that are appended may move them all. */
        char *path = strdup(own->folders.bytes + at);
        own->failed = path == NULL || !look_once(own, path);
        at += own->failed ? 0 : strlen(path) + 1;
        free(path);
    }
}

/* What was looked into is seen, and what holds the root: a link there would be a loop. */
static bool note_seen(Search *own) {
    bool done = note_above(&own->seen, own->folders.bytes), before;
    for (size_t at = 0; done && at < own->folders.used;) {
        const char *path = own->folders.bytes + at;
        done = note_folder(&own->seen, path, &before);
        at += strlen(path) + 1;
    }
    return done;
}

static void *look(void *search) {
    Search *own = search;
    look_below(own, 0);
    own->following = own->links.used > 0;
    own->failed = own->failed || (own->following && !note_seen(own));
    for (size_t at = 0; !own->failed && at < own->links.used;) {
        const char *link = own->links.bytes + at;
        size_t begin = own->folders.used, length = strlen(link) + 1;
        own->failed = !put(&own->folders, link, length);
        look_below(own, begin);
        at += length;
    }
    return NULL;
}

/* Signals are for Python's own thread, whose calls they interrupt. */
static bool started(Search *own) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool done = pthread_create(&own->thread, NULL, look, own) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return done;
}

static void wait_for(Search *own) {
    if (own->running)
        pthread_join(own->thread, NULL);
    own->running = false;
}

static void end(Search *own) {
    wait_for(own);
    Py_XDECREF(own->root);
    Py_XDECREF(own->names[0]);
    Py_XDECREF(own->names[1]);
    free(own->wanted);
    free(own->unwanted);
    free(own->folders.bytes);
    free(own->files.bytes);
    free(own->links.bytes);
    free(own->seen.places);
    free(own);
}

static void end_capsule(PyObject *capsule) { end(PyCapsule_GetPointer(capsule, CAPSULE)); }

static bool read_names(Search *own) {
    own->wanted_count = PyTuple_Size(own->names[0]);
    own->unwanted_count = PyTuple_Size(own->names[1]);
    own->wanted = calloc((size_t)own->wanted_count + 1, sizeof *own->wanted);
    own->unwanted = calloc((size_t)own->unwanted_count + 1, sizeof *own->unwanted);
    if (own->wanted == NULL || own->unwanted == NULL)
        return PyErr_NoMemory() != NULL;
    for (Py_ssize_t i = 0; i < own->wanted_count; i++) {
        Name *one = &own->wanted[i];
        if (!PyArg_ParseTuple(PyTuple_GetItem(own->names[0], i), "y#y#", &one->begin,
                              &one->head, &one->end, &one->tail))
            return false;
    }
    for (Py_ssize_t i = 0; i < own->unwanted_count; i++) {
        char *begin;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(own->names[1], i), &begin,
                                    &own->unwanted[i].head) < 0)
            return false;
        own->unwanted[i].begin = begin;
    }
    return true;
}

/* A search that has not begun; NULL: an exception is set. */
static Search *search_of(PyObject *root, PyObject *wanted, PyObject *unwanted) {
    Search *own = calloc(1, sizeof *own);
    if (own == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    own->root = Py_NewRef(root);
    own->names[0] = Py_NewRef(wanted);
    own->names[1] = Py_NewRef(unwanted);
    char *path = PyBytes_AsString(root);
    if (path != NULL && read_names(own)) {
        if (put(&own->folders, path, strlen(path) + 1))
            return own;
        PyErr_NoMemory();
    }
    end(own);
    return NULL;
}

static PyObject *begin_search(PyObject *module, PyObject *arguments) {
    PyObject *root, *wanted, *unwanted, *capsule = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O&O!O!", PyUnicode_FSConverter, &root, &PyTuple_Type,
                          &wanted, &PyTuple_Type, &unwanted))
        return NULL;
    Search *own = search_of(root, wanted, unwanted);
    Py_DECREF(root);
    if (own != NULL && (capsule = PyCapsule_New(own, CAPSULE, end_capsule)) == NULL)
        end(own);
    if (capsule != NULL && !(own->running = started(own)))
        look(own);
    return capsule;
}

static PyObject *end_search(PyObject *module, PyObject *capsule) {
    Search *own = PyCapsule_GetPointer(capsule, CAPSULE);
    (void)module;
    if (own == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    wait_for(own);
    Py_END_ALLOW_THREADS
    if (own->failed)
        return PyErr_NoMemory();
    return PyBytes_FromStringAndSize(own->files.bytes, (Py_ssize_t)own->files.used);
}

/* The file that is packed here, and how many bytes that takes; NULL: an exception is set. */
static PyObject *unpacked(PyObject *source, const char *bytes, size_t *taken) {
    About about;
    memcpy(&about, bytes, sizeof about);
    const char *path = bytes + sizeof about;
    size_t length = strlen(path);
    *taken = sizeof about + length + 1;
    PyObject *name = PyUnicode_DecodeFSDefaultAndSize(path, (Py_ssize_t)length);
    if (name == NULL)
        return NULL;
    return Py_BuildValue("(ONKLL)", source, name, (unsigned long long)about.inode,
                         (long long)about.size, (long long)about.nanoseconds);
}

static PyObject *files_in(PyObject *source, const char *bytes, size_t size) {
    PyObject *files = PyList_New(0);
    size_t taken;
    for (size_t at = 0; files != NULL && at < size; at += taken) {
        PyObject *one = NULL;
        if (size - at > sizeof(About) && bytes[size - 1] == 0)
            one = unpacked(source, bytes + at, &taken);
        else
            PyErr_SetString(PyExc_ValueError, "not what end_search has returned");
        if (one == NULL || PyList_Append(files, one) < 0)
            Py_CLEAR(files);
        Py_XDECREF(one);
    }
    return files;
}

static PyObject *files_of(PyObject *module, PyObject *arguments) {
    PyObject *source;
    const char *bytes;
    Py_ssize_t size;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Uy#", &source, &bytes, &size))
        return NULL;
    return files_in(source, bytes, (size_t)size);
}

static PyObject *listed_files(PyObject *module, PyObject *arguments) {
    PyObject *source, *root, *wanted, *unwanted, *files = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O&O!O!", &PyUnicode_Type, &source,
                          PyUnicode_FSConverter, &root, &PyTuple_Type, &wanted, &PyTuple_Type,
                          &unwanted))
        return NULL;
    Search *own = search_of(root, wanted, unwanted);
    Py_DECREF(root);
    if (own == NULL)
        return NULL;
    look(own);
    files = own->failed ? PyErr_NoMemory()
                        : files_in(source, own->files.bytes, own->files.used);
    end(own);
    return files;
}

static PyMethodDef FUNCTIONS[] = {
    {"begin_search", begin_search, METH_VARARGS, "Begin to look for files below a folder."},
    {"end_search", end_search, METH_O, "Wait for a search; return what it has found."},
    {"files_of", files_of, METH_VARARGS, "Unpack what a search has found."},
    {"listed_files", listed_files, METH_VARARGS, "List files below a folder whose names fit."},
    {NULL, NULL, 0, NULL},
};

int add_found_files(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
