/* A set of words that is asked for the number of each: which keys and names are wanted. */
#include "otlp_logs.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

/* From the size and both ends of a word: those that are alike there are compared. */
static uint32_t mixed(Wire text) {
    const size_t size = (size_t)(text.end - text.at);
    uint64_t head = 0, tail = 0;
    if (size >= 8) {
        memcpy(&head, text.at, 8);
        memcpy(&tail, text.end - 8, 8);
    } else {
        for (const Byte *at = text.at; at < text.end; at++)
            head = head << 8 | *at;
    }
    const uint64_t both = head ^ (tail * 0x9E3779B97F4A7C15ULL) ^ (uint64_t)size << 56;
    return (uint32_t)((both * 0xD6E8FEB86659FD93ULL) >> 32);
}

static bool words_of(Words *words, int count) {
    uint32_t room = 16;
    while (room < 4 * (uint32_t)count)
        room *= 2;
    words->mask = room - 1;
    words->count = count;
    words->slots = malloc(room * sizeof *words->slots);
    if (words->slots == NULL)
        return false;
    memset(words->slots, -1, room * sizeof *words->slots);
    for (int i = 0; i < count; i++) {
        const Word *word = &words->words[i];
        uint32_t at = mixed((Wire){word->text, word->text + word->size}) & words->mask;
        while (words->slots[at] >= 0)
            at = (at + 1) & words->mask;
        words->slots[at] = i;
    }
    return true;
}

void words_free(Words *words) {
    free(words->words);
    free(words->slots);
}

int word_number(const Words *words, Wire text) {
    const size_t size = (size_t)(text.end - text.at);
    uint32_t at = mixed(text) & words->mask;
    for (int32_t found; (found = words->slots[at]) >= 0; at = (at + 1) & words->mask) {
        const Word *word = &words->words[found];
        if (word->size == size && memcmp(word->text, text.at, size) == 0)
            return found;
    }
    return -1;
}

int words_from(Words *words, PyObject *texts) {
    const Py_ssize_t count = PyTuple_Size(texts);
    if (count < 0 || count > UINT16_MAX)
        return -1;
    words->words = calloc((size_t)count + 1, sizeof *words->words);
    for (Py_ssize_t i = 0; words->words != NULL && i < count; i++) {
        Py_ssize_t size;
        const char *const text = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(texts, i), &size);
        if (text == NULL)
            return -1;
        words->words[i] = (Word){(const Byte *)text, (size_t)size};
    }
    if (words->words != NULL && words_of(words, (int)count))
        return 0;
    PyErr_NoMemory();
    return -1;
}
