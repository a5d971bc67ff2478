/* Folders by device and inode, whatever paths lead to them. */
#ifndef MILEAGE_SEEN_FOLDERS_H
#define MILEAGE_SEEN_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t device, inode;
    bool used;
} Place;

/* A hash table; all zero is none, and `places` is to be freed. */
typedef struct {
    Place *places;
    size_t count, room;
} Seen;

/* Note a folder, and whether it was noted before; what hides is not. False: no memory. */
bool note_folder(Seen *seen, const char *path, bool *before);
/* Note every folder that the path of this one names before it. False: no memory. */
bool note_above(Seen *seen, const char *path);

#endif
