/* The walk over ExportLogsServiceRequest (OTLP 1.x, ``logs_service.proto``). */
#include "otlp_logs.h"

#include <stdlib.h>
#include <string.h>

#define TAG(number, type) ((uint32_t)(number) << 3 | (type))
#define LONGEST_TEXT 256
#define MAX_COUNT 1000000000000ULL
#define SHORT 128 /* a length below this is its own varint */
#define MOST_ITEMS (UINT32_MAX / 2)

/* Fields of other messages: which of them are known here, and so must be plain. */
enum { REQUEST_RESOURCE_LOGS = TAG(1, 2) };
enum { GROUP_RESOURCE = TAG(1, 2), GROUP_SCOPE_LOGS = TAG(2, 2) };
enum { SCOPED_SCOPE = TAG(1, 2), SCOPED_RECORDS = TAG(2, 2) };
enum { SCOPE_NAME = TAG(1, 2), SCOPE_VERSION = TAG(2, 2), SCOPE_DROPPED = TAG(4, 0) };
enum { RESOURCE_ATTRIBUTES = TAG(1, 2) };
enum {
    RECORD_TIME = TAG(1, 1),
    RECORD_BODY = TAG(5, 2),
    RECORD_ATTRIBUTES = TAG(6, 2),
    RECORD_OBSERVED = TAG(11, 1),
    RECORD_EVENT_NAME = TAG(12, 2),
};
enum { PAIR_KEY = TAG(1, 2), PAIR_VALUE = TAG(2, 2) };
enum {
    VALUE_TEXT = TAG(1, 2),
    VALUE_TRUTH = TAG(2, 0),
    VALUE_INTEGER = TAG(3, 0),
    VALUE_DOUBLE = TAG(4, 1),
};

/* What was found so far. */

static void *added(Scan *scan, Heap *heap) {
    if (heap->count == heap->room) {
        const size_t room = heap->room ? 2 * heap->room : 256;
        const bool fits = room < MOST_ITEMS && room < SIZE_MAX / heap->size;
        void *const items = fits ? realloc(heap->items, room * heap->size) : NULL;
        if (items == NULL) {
            scan->failed = true;
            return NULL;
        }
        heap->items = items;
        heap->room = room;
    }
    return (char *)heap->items + heap->size * heap->count++;
}

void scan_free(Scan *scan) {
    free(scan->cells.items);
    free(scan->rows.items);
    free(scan->frames.items);
    free(scan->seen);
}

/* Attributes. */

static bool read_text(Wire text, Cell *cell) {
    size_t characters;
    const enum letters letters = letters_of(text, &characters);
    cell->is.text = text.at;
    cell->size = (uint32_t)(text.end - text.at);
    cell->wide = letters == WIDE;
    cell->kind = text.at == text.end ? EMPTY : TEXT;
    if (letters == UNPRINTABLE || characters > LONGEST_TEXT)
        cell->kind = NOTHING;
    return letters != BROKEN && (size_t)(text.end - text.at) < UINT32_MAX;
}

/* One scalar and nothing behind it; an empty value is none. */
static bool read_value(Wire value, Cell *cell) {
    uint32_t tag;
    uint64_t number;
    Wire text;
    cell->kind = NOTHING;
    if (value.at == value.end)
        return true;
    if (!wire_tag(&value, &tag))
        return false;
    if (tag == VALUE_TEXT) {
        if (!wire_piece(&value, &text) || !read_text(text, cell))
            return false;
    } else if (tag == VALUE_DOUBLE) {
        if (!wire_fixed64(&value, &number))
            return false;
        cell->kind = DOUBLE;
        memcpy(&cell->is.number, &number, sizeof number);
    } else {
        if ((tag != VALUE_INTEGER && tag != VALUE_TRUTH) || !wire_varint(&value, &number))
            return false;
        cell->kind = number <= MAX_COUNT ? COUNT : INTEGER;
        if (tag == VALUE_TRUTH && number > 1)
            return false;
        if (tag == VALUE_TRUTH)
            cell->kind = TRUTH;
        memcpy(&cell->is.integer, &number, sizeof number);
    }
    return value.at == value.end;
}

/* A record or what groups records: a body may have only so many. */
static bool one_more(Scan *scan) {
    scan->owner++;
    return scan->items++ < scan->most;
}

/* Keep an attribute of a declared key; of all others only the key is looked at. */
static bool read_attribute(Scan *scan, Wire pair) {
    if (pair.end - pair.at < 2 || pair.at[0] != PAIR_KEY || pair.at[1] >= SHORT)
        return false;
    const Wire key = {pair.at + 2, pair.at + 2 + pair.at[1]};
    if (pair.end - key.at < key.end - key.at)
        return true;
    const int number = word_number(scan->keys, key);
    if (number < 0)
        return true;
    if (scan->seen[number] == scan->owner)
        return false;
    scan->seen[number] = scan->owner;
    Cell cell = {.kind = NOTHING, .key = (uint16_t)number};
    uint32_t tag;
    Wire rest = {key.end, pair.end}, value = {key.end, key.end};
    if (rest.at < rest.end) {
        if (!wire_tag(&rest, &tag) || tag != PAIR_VALUE || !wire_piece(&rest, &value))
            return false;
        if (rest.at != rest.end || !read_value(value, &cell))
            return false;
    }
    Cell *const kept = added(scan, &scan->cells);
    if (kept != NULL)
        *kept = cell;
    return kept != NULL;
}

/* Records. */

typedef struct {
    uint64_t sent, observed;
    Wire event_name, body;
} Fields;

/* The text of a body that is one; a body that is another scalar has none. */
static bool text_of_body(const Fields *fields, Wire *text) {
    Cell cell = {.kind = NOTHING};
    if (!read_value(fields->body, &cell))
        return false;
    *text = fields->body;
    text->end = text->at;
    if (cell.kind == TEXT)
        *text = (Wire){cell.is.text, cell.is.text + cell.size};
    return true;
}

static bool valid(Wire text) {
    size_t characters;
    return letters_of(text, &characters) != BROKEN;
}

static bool read_field(Scan *scan, Wire *record, uint32_t tag, Fields *fields) {
    Wire piece;
    switch (tag >> 3) {
    case RECORD_TIME >> 3:
        return tag == RECORD_TIME && wire_fixed64(record, &fields->sent);
    case RECORD_OBSERVED >> 3:
        return tag == RECORD_OBSERVED && wire_fixed64(record, &fields->observed);
    case RECORD_ATTRIBUTES >> 3:
        return tag == RECORD_ATTRIBUTES && wire_piece(record, &piece) &&
               read_attribute(scan, piece);
    case RECORD_BODY >> 3:
        return tag == RECORD_BODY && wire_piece(record, &fields->body);
    case RECORD_EVENT_NAME >> 3:
        return tag == RECORD_EVENT_NAME && wire_piece(record, &fields->event_name) &&
               valid(fields->event_name);
    default:
        return wire_skip(record, tag);
    }
}

static const Cell *cell_under(const Scan *scan, Cells cells, int key) {
    const Cell *const all = scan->cells.items;
    for (uint32_t i = cells.first; i < cells.first + cells.count; i++)
        if (all[i].key == key)
            return &all[i];
    return NULL;
}

/* The event's name: attribute, then field, then body; -1: nobody wants it. */
static bool name_of(const Scan *scan, Cells cells, const Fields *fields, int32_t *name) {
    const Cell *const told = cell_under(scan, cells, scan->name_key);
    if (told != NULL && told->kind != NOTHING) {
        const bool text = told->kind == TEXT;
        *name = text ? word_number(scan->names, (Wire){told->is.text, told->is.text + told->size})
                     : -1;
        return !text || !told->wide;
    }
    *name = word_number(scan->names, fields->event_name);
    Wire text;
    if (*name < 0) {
        if (!text_of_body(fields, &text))
            return false;
        *name = word_number(scan->names, text);
    }
    return true;
}

/* The client's own stamp goes before the times of the protocol. */
static bool instant_of(const Scan *scan, const Fields *fields, Row *row) {
    const Cell *const stamp = cell_under(scan, row->cells, scan->stamp_key);
    if (stamp != NULL && (stamp->kind & (TEXT | EMPTY)))
        return stamp_micros((Wire){stamp->is.text, stamp->is.text + stamp->size}, &row->micros);
    row->micros = (int64_t)((fields->sent ? fields->sent : fields->observed) / 1000);
    return true;
}

static bool read_record(Scan *scan, Wire record, const Frame *frame, bool *framed) {
    Fields fields = {0, 0, {record.at, record.at}, {record.at, record.at}};
    Row row = {.number = ++scan->records, .cells = {(uint32_t)scan->cells.count, 0}};
    if (!one_more(scan))
        return false;
    for (size_t seen = 0; record.at < record.end; seen++) {
        uint32_t tag;
        if (seen >= scan->most || !wire_tag(&record, &tag) ||
            !read_field(scan, &record, tag, &fields))
            return false;
    }
    row.cells.count = (uint32_t)scan->cells.count - row.cells.first;
    if (!name_of(scan, row.cells, &fields, &row.name))
        return false;
    if (row.name < 0) {
        scan->cells.count = row.cells.first;
        return true;
    }
    if (!instant_of(scan, &fields, &row))
        return false;
    if (!*framed) {
        Frame *const kept = added(scan, &scan->frames);
        if (kept == NULL)
            return false;
        *kept = *frame;
        *framed = true;
    }
    row.frame = (uint32_t)scan->frames.count - 1;
    Row *const kept = added(scan, &scan->rows);
    if (kept != NULL)
        *kept = row;
    return kept != NULL;
}

/* Groups of records. */

static bool read_scope(Wire scope, Wire *name) {
    while (scope.at < scope.end) {
        uint32_t tag;
        Wire text;
        if (!wire_tag(&scope, &tag))
            return false;
        if (tag == SCOPE_DROPPED ? !wire_skip(&scope, tag)
                                 : (tag != SCOPE_NAME && tag != SCOPE_VERSION) ||
                                       !wire_piece(&scope, &text) || !valid(text))
            return false;
        if (tag == SCOPE_NAME)
            *name = text;
    }
    return true;
}

static bool read_scoped(Scan *scan, Wire scoped, Frame frame) {
    bool framed = false, named = false, begun = false;
    if (!one_more(scan))
        return false;
    for (size_t seen = 0; scoped.at < scoped.end; seen++) {
        uint32_t tag;
        Wire piece;
        if (seen >= scan->most || !wire_tag(&scoped, &tag))
            return false;
        if (tag >> 3 > SCOPED_RECORDS >> 3) {
            if (!wire_skip(&scoped, tag))
                return false;
            continue;
        }
        if ((tag & 7) != 2 || !wire_piece(&scoped, &piece))
            return false;
        if (tag == SCOPED_RECORDS) {
            begun = true;
            if (!read_record(scan, piece, &frame, &framed))
                return false;
        } else {
            /* Written twice they would have to be merged. */
            if (named || begun || !read_scope(piece, &frame.scope))
                return false;
            named = true;
        }
    }
    return true;
}

static bool read_resource(Scan *scan, Wire resource, Cells *cells) {
    scan->owner++;
    cells->first = (uint32_t)scan->cells.count;
    for (size_t seen = 0; resource.at < resource.end; seen++) {
        uint32_t tag;
        Wire piece;
        if (seen >= scan->most || !wire_tag(&resource, &tag))
            return false;
        if (tag >> 3 != RESOURCE_ATTRIBUTES >> 3) {
            if (!wire_skip(&resource, tag))
                return false;
        } else if (tag != RESOURCE_ATTRIBUTES || !wire_piece(&resource, &piece) ||
                   !read_attribute(scan, piece))
            return false;
    }
    cells->count = (uint32_t)scan->cells.count - cells->first;
    return true;
}

static bool read_group(Scan *scan, Wire group) {
    const size_t cells = scan->cells.count, rows = scan->rows.count;
    Frame frame = {{0, 0}, {group.at, group.at}, scan->group++};
    bool known = false, begun = false;
    if (!one_more(scan))
        return false;
    for (size_t seen = 0; group.at < group.end; seen++) {
        uint32_t tag;
        Wire piece;
        if (seen >= scan->most || !wire_tag(&group, &tag))
            return false;
        if (tag >> 3 > GROUP_SCOPE_LOGS >> 3) {
            if (!wire_skip(&group, tag))
                return false;
            continue;
        }
        if ((tag & 7) != 2 || !wire_piece(&group, &piece))
            return false;
        if (tag == GROUP_SCOPE_LOGS) {
            begun = true;
            if (!read_scoped(scan, piece, frame))
                return false;
        } else {
            if (known || begun || !read_resource(scan, piece, &frame.resource))
                return false;
            known = true;
        }
    }
    if (scan->rows.count == rows)
        scan->cells.count = cells;
    return true;
}

bool scan_logs(Scan *scan, Wire body) {
    for (size_t seen = 0; body.at < body.end; seen++) {
        uint32_t tag;
        Wire piece;
        if (seen >= scan->most || !wire_tag(&body, &tag))
            return false;
        if (tag >> 3 != REQUEST_RESOURCE_LOGS >> 3) {
            if (!wire_skip(&body, tag))
                return false;
        } else if (tag != REQUEST_RESOURCE_LOGS || !wire_piece(&body, &piece) ||
                   !read_group(scan, piece))
            return false;
    }
    return true;
}
