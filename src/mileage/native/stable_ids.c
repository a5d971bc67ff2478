/* BLAKE2b with 8 bytes of digest and without a key (RFC 7693), over many names at once.
 *
 * stable_ids(prefix, names) returns the digests of prefix and name in UTF-8, one after
 * the other: hashlib.blake2b(prefix + name, digest_size=8). UnicodeEncodeError where a
 * name has no UTF-8.
 */
#include "scan.h"

#include <string.h>

#define BLOCK 128
#define DIGEST 8

static const uint64_t START[8] = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL};

static const uint8_t ORDER[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

typedef struct {
    uint64_t state[8], total;
    uint8_t block[BLOCK];
    size_t filled;
} Hash;

static uint64_t turned(uint64_t word, int by) { return word >> by | word << (64 - by); }

static uint64_t word_at(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | at[i];
    return word;
}

#define MIX(a, b, c, d, x, y)                                                                  \
    a += b + (x), d = turned(d ^ a, 32), c += d, b = turned(b ^ c, 24);                        \
    a += b + (y), d = turned(d ^ a, 16), c += d, b = turned(b ^ c, 63)

static void compress(Hash *hash, bool last) {
    uint64_t v[16], m[16];
    for (int i = 0; i < 16; i++)
        m[i] = word_at(hash->block + 8 * i);
    memcpy(v, hash->state, sizeof hash->state);
    memcpy(v + 8, START, sizeof START);
    v[12] ^= hash->total;
    if (last)
        v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = ORDER[round];
        MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
        MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
        MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
        MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
        MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
        MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
        MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
        MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] ^= v[i] ^ v[i + 8];
}

static void update(Hash *hash, const char *bytes, size_t size) {
    while (size > 0) {
        if (hash->filled == BLOCK) { /* the last block is left for the end */
            hash->total += BLOCK;
            compress(hash, false);
            hash->filled = 0;
        }
        size_t part = BLOCK - hash->filled < size ? BLOCK - hash->filled : size;
        memcpy(hash->block + hash->filled, bytes, part);
        hash->filled += part;
        bytes += part;
        size -= part;
    }
}

static void finish(Hash *hash, char *digest) {
    hash->total += hash->filled;
    memset(hash->block + hash->filled, 0, BLOCK - hash->filled);
    compress(hash, true);
    for (int i = 0; i < DIGEST; i++)
        digest[i] = (char)(hash->state[0] >> 8 * i);
}

static PyObject *stable_ids(PyObject *module, PyObject *arguments) {
    const char *prefix;
    Py_ssize_t length;
    PyObject *names;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "s#O!", &prefix, &length, &PyList_Type, &names))
        return NULL;
    Hash begun = {.total = 0, .filled = 0};
    memcpy(begun.state, START, sizeof START);
    begun.state[0] ^= 0x01010000 ^ DIGEST;
    update(&begun, prefix, (size_t)length);
    Py_ssize_t count = PyList_Size(names);
    PyObject *digests = PyBytes_FromStringAndSize(NULL, count * DIGEST);
    for (Py_ssize_t i = 0; digests != NULL && i < count; i++) {
        const char *name = PyUnicode_AsUTF8AndSize(PyList_GetItem(names, i), &length);
        if (name == NULL) {
            Py_CLEAR(digests);
            break;
        }
        Hash hash = begun;
        update(&hash, name, (size_t)length);
        finish(&hash, PyBytes_AsString(digests) + i * DIGEST);
    }
    return digests;
}

static PyMethodDef FUNCTIONS[] = {
    {"stable_ids", stable_ids, METH_VARARGS, "Hash a prefix and each of the names into 8 bytes."},
    {NULL, NULL, 0, NULL},
};

int add_stable_ids(PyObject *module) { return PyModule_AddFunctions(module, FUNCTIONS); }
