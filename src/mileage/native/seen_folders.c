/* Folders that have been seen: see seen_folders.h. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "seen_folders.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FEWEST 1024

/* Where a folder is noted, or is to be; the room is a power of two, and never full. */
static Place *slot(const Seen *seen, Place one) {
    size_t at = (size_t)(31 * one.inode + one.device) & (seen->room - 1);
    const Place *places = seen->places;
    while (places[at].used &&
           (places[at].inode != one.inode || places[at].device != one.device))
        at = (at + 1) & (seen->room - 1);
    return &seen->places[at];
}

static bool make_room(Seen *seen) {
    if (2 * seen->count < seen->room)
        return true;
    Seen larger = {NULL, seen->count, seen->room ? 2 * seen->room : FEWEST};
    larger.places = calloc(larger.room, sizeof *larger.places);
    if (larger.places == NULL)
        return false;
    for (const Place *one = seen->places; one < seen->places + seen->room; one++)
        if (one->used)
            *slot(&larger, *one) = *one;
    free(seen->places);
    *seen = larger;
    return true;
}

bool note_folder(Seen *seen, const char *path, bool *before) {
    struct stat status;
    if (stat(path, &status) != 0)
        return true;
    if (!make_room(seen))
        return false;
    Place one = {(uint64_t)status.st_dev, status.st_ino, true};
    Place *place = slot(seen, one);
    *before = place->used;
    seen->count += !place->used;
    *place = one;
    return true;
}

bool note_above(Seen *seen, const char *path) {
    char *above = strdup(path);
    bool done = above != NULL, before;
    for (char *end; done && (end = strrchr(above, '/')) != NULL; *end = 0) {
        end[1] = 0;
        done = note_folder(seen, above, &before);
    }
    free(above);
    return done;
}
