/* Reading a plain line of JSON into columns. */
#include "json_fields.h"

#define LONGEST_TEXT 1000
#define MAX_COUNT 1000000000000LL

static const char *const KINDS[] = {"",     "text",   "name",   "count",   "integer", "stamp", "time",
                                    "flag", "object", "needed", "nothing", "is",      "may be"};

typedef struct {
    Json json;
    Fields *fields;
    uint64_t seen;
    int keys; /* how many have gone by */
} Line;

static void replace(PyObject **slot, PyObject *value) {
    PyObject *before = *slot;
    *slot = value;
    Py_XDECREF(before);
}

void cells_clear(Cell *row, int columns) {
    for (int i = 0; i < columns; i++) {
        if (row[i].text != NULL)
            replace(&row[i].text, NULL);
        row[i].number = 0;
        row[i].given = false;
    }
}

void fields_free(Fields *fields) {
    for (int i = 0; i < MAX_COLUMNS; i++)
        Py_XDECREF(fields->before[i].text);
    cells_clear(fields->row, MAX_COLUMNS);
}

static bool put(Line *line, const Node *node, int64_t number) {
    line->fields->row[node->column].number = number;
    line->fields->row[node->column].given = true;
    return true;
}

/* Whether these letters and the closing quote come next; if so, behind them. */
static bool text_is(Json *json, const char *letters, Py_ssize_t length) {
    if (json->end - json->at <= length || json->at[length] != '"' ||
        memcmp(json->at, letters, (size_t)length) != 0)
        return false;
    json->at += length + 1;
    return true;
}

static bool read_text(Line *line, const Node *node, Word *into) {
    const unsigned char *start = line->json.at;
    bool plain;
    if (!json_string(&line->json, &plain) || !plain)
        return false;
    Py_ssize_t length = line->json.at - start - 1;
    if (length > LONGEST_TEXT || (node->kind == NAME && length == 0))
        return false;
    PyObject *value = PyUnicode_DecodeUTF8((const char *)start, length, "strict");
    const char *bytes = value ? PyUnicode_AsUTF8AndSize(value, &length) : NULL;
    if (bytes == NULL) {
        PyErr_Clear(); /* not UTF-8: the ordinary reader knows what to say */
        Py_XDECREF(value);
        return false;
    }
    replace(&into->text, value);
    into->bytes = bytes;
    into->length = length;
    return true;
}

static bool text(Line *line, const Node *node) {
    line->json.at++;
    if (node->kind == IS || node->kind == MAY_BE)
        return text_is(&line->json, node->value, node->value_length);
    Word *before = &line->fields->before[node->column];
    if ((before->text == NULL || !text_is(&line->json, before->bytes, before->length)) &&
        !read_text(line, node, before))
        return false;
    Py_INCREF(before->text);
    replace(&line->fields->row[node->column].text, before->text);
    return true;
}

static bool is_digit(unsigned char sign) { return (unsigned char)(sign - '0') < 10; }

static bool count(Line *line, const Node *node) {
    int64_t value = 0;
    const unsigned char *at = line->json.at, *start = at, *end = line->json.end;
    while (at < end && is_digit(*at) && at - start < 13)
        value = value * 10 + (*at++ - '0');
    if (at == start || (*start == '0' && at - start > 1) || value > MAX_COUNT)
        return false;
    if (at < end && (is_digit(*at) || *at == '.' || (*at | 32) == 'e'))
        return false;
    line->json.at = at;
    return put(line, node, value);
}

static int two(const unsigned char *at) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* Days since 1970 of a Gregorian date (Howard Hinnant's days_from_civil). */
static int64_t days(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* YYYY-MM-DDTHH:MM:SS.mmm[uuu]Z to microseconds, up to 2999; no other form. */
static bool stamp(Line *line, const Node *node) {
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const unsigned char *at = ++line->json.at;
    bool plain;
    if (!json_string(&line->json, &plain) || !plain)
        return false;
    Py_ssize_t length = line->json.at - at - 1;
    if ((length != 24 && length != 27) || at[4] != '-' || at[7] != '-' || at[10] != 'T' ||
        at[13] != ':' || at[16] != ':' || at[19] != '.' || at[length - 1] != 'Z')
        return false;
    int century = two(at), year = two(at + 2), month = two(at + 5), day = two(at + 8);
    int hour = two(at + 11), minute = two(at + 14), second = two(at + 17);
    if (century < 1 || century > 29 || year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    year += century * 100;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > LENGTHS[month - 1] + (leap && month == 2))
        return false;
    int64_t micros = 0;
    for (Py_ssize_t i = 20; i < 26; i++) {
        unsigned char digit = i < length - 1 ? at[i] : '0';
        if (digit < '0' || digit > '9')
            return false;
        micros = micros * 10 + (digit - '0');
    }
    int64_t seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return put(line, node, seconds * 1000000 + micros);
}

static bool flag(Line *line, const Node *node) {
    if (json_word(&line->json, "true"))
        return put(line, node, 1);
    return json_word(&line->json, "false") && put(line, node, 0);
}

static bool object(Line *line, const Node *parent);

static bool field(Line *line, const Node *node) {
    json_blanks(&line->json);
    if (line->json.at == line->json.end)
        return false;
    if (*line->json.at == 'n')
        return !node->required && json_word(&line->json, "null");
    switch (node->kind) {
    case TEXT:
    case NAME:
    case IS:
    case MAY_BE:
        return *line->json.at == '"' && text(line, node);
    case COUNT:
    case INTEGER:
        return count(line, node);
    case STAMP:
    case TIME:
        return *line->json.at == '"' && stamp(line, node);
    case FLAG:
        return flag(line, node);
    case NOTHING:
        return false;
    default:
        if (!json_take(&line->json, '{'))
            return false;
        if (node->column >= 0)
            put(line, node, 1);
        return object(line, node);
    }
}

static const Node *child(const Fields *own, const Node *parent, const unsigned char *name,
                         Py_ssize_t length) {
    for (int at = parent->child; at >= 0; at = own->nodes[at].sibling) {
        const Node *node = &own->nodes[at];
        if (node->length == length && (length == 0 || *node->name == (char)*name) &&
            memcmp(node->name, name, length) == 0)
            return node;
    }
    return NULL;
}

/* A key by that of the line before: nearly all lines have the same ones in one order. */
static bool key_is(Json *json, const Key *key) {
    uint64_t word;
    if (key->length == 0 || json->end - json->at < KEY_WORDS * 8)
        return false;
    int last = (key->length - 1) / 8;
    for (int i = 0; i < last; i++) {
        memcpy(&word, json->at + 8 * i, 8);
        if (word != key->words[i])
            return false;
    }
    memcpy(&word, json->at + 8 * last, 8);
    if ((word ^ key->words[last]) & key->mask)
        return false;
    json->at += key->length;
    return true;
}

static void remember(Key *key, const unsigned char *start, Py_ssize_t length) {
    key->length = length > KEY_WORDS * 8 ? 0 : (int)length;
    if (key->length == 0)
        return;
    memset(key->words, 0, sizeof key->words);
    memcpy(key->words, start, (size_t)length);
    key->mask = 0;
    memset(&key->mask, 0xff, (size_t)((length - 1) % 8 + 1));
}

/* A key and its colon; *node is NULL where it is of no interest. */
static bool read_key(Line *line, const Node *parent, const Node **node) {
    Json *json = &line->json;
    Key *known = &line->fields->keys[line->keys];
    line->keys += line->keys < MAX_KEYS - 1;
    json_blanks(json);
    if (known->parent == parent && key_is(json, known)) {
        *node = known->node;
        return true;
    }
    const unsigned char *start = json->at;
    bool plain;
    if (!json_take(json, '"') || !json_string(json, &plain) || !plain)
        return false;
    const unsigned char *end = json->at;
    *node = child(line->fields, parent, start + 1, end - start - 2);
    if (!json_take(json, ':'))
        return false;
    known->parent = parent;
    known->node = *node;
    remember(known, start, json->at - start);
    return true;
}

/* Behind the opening brace. Recursion is as deep as the fields' longest path. */
static bool object(Line *line, const Node *parent) {
    if (json_take(&line->json, '}'))
        return true;
    do {
        const Node *node;
        if (!read_key(line, parent, &node))
            return false;
        if (node == NULL) {
            if (!json_pass(&line->json))
                return false;
            continue;
        }
        uint64_t bit = 1ULL << (node - line->fields->nodes);
        if (line->seen & bit)
            return false;
        line->seen |= bit;
        if (!field(line, node))
            return false;
    } while (json_take(&line->json, ','));
    return json_take(&line->json, '}');
}

bool fields_read(Fields *fields, const char *start, const char *end) {
    if (end > start && end[-1] == '\n')
        end--;
    cells_clear(fields->row, fields->columns);
    Line line = {{(const unsigned char *)start, (const unsigned char *)end}, fields, 0, 0};
    if (!json_take(&line.json, '{') || !object(&line, &fields->nodes[0]))
        return false;
    json_blanks(&line.json);
    return line.json.at == line.json.end && (line.seen & fields->required) == fields->required;
}

void fields_begin(Fields *fields) {
    fields->nodes[0] = (Node){"", 0, "", 0, INNER, -1, -1, -1, false};
    fields->count = 1;
}

static int node_of(Fields *own, int parent, const char *name, Py_ssize_t length) {
    const Node *known = child(own, &own->nodes[parent], (const unsigned char *)name, length);
    if (known != NULL)
        return (int)(known - own->nodes);
    if (own->count == MAX_NODES)
        return -1;
    own->nodes[own->count] = (Node){name, length, "", 0, INNER, -1, -1, -1, false};
    own->nodes[own->count].sibling = own->nodes[parent].child;
    own->nodes[parent].child = own->count;
    return own->count++;
}

int fields_add(Fields *own, PyObject *field) {
    const char *path, *name, *value = "";
    if (!PyTuple_Check(field)) {
        PyErr_SetString(PyExc_TypeError, "a field is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(field, "ss|s", &path, &name, &value))
        return -1;
    int at = 0, kind = TEXT;
    while (kind <= MAY_BE && strcmp(KINDS[kind], name) != 0)
        kind++;
    for (const char *dot; at >= 0 && *path; path = *dot ? dot + 1 : dot) {
        dot = path + strcspn(path, ".");
        at = node_of(own, at, path, dot - path);
    }
    bool is_column = kind <= OBJECT;
    if (at <= 0 || kind > MAY_BE || (is_column && own->columns == MAX_COLUMNS)) {
        PyErr_SetString(PyExc_ValueError, "an unknown kind of field, or too many fields");
        return -1;
    }
    Node *node = &own->nodes[at];
    node->kind = kind;
    node->value = value;
    node->value_length = (Py_ssize_t)strlen(value);
    node->required = kind == NAME || kind == TIME || kind == NEEDED || kind == IS;
    own->required |= (uint64_t)node->required << at;
    if (is_column) {
        own->kinds[own->columns] = kind;
        node->column = own->columns++;
    }
    return 0;
}
