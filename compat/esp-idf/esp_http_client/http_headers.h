// Header fields of a request, in the order in which they were set first.
#ifndef ALOFT_IDF_HTTP_HEADERS_H
#define ALOFT_IDF_HTTP_HEADERS_H

#include "esp_err.h"

struct aloft_idf_header {
    struct aloft_idf_header *next;
    char *key;
    char *value;
};

// value NULL removes the field. Spaces around a value are removed.
esp_err_t aloft_idf_header_set(struct aloft_idf_header **list, const char *key, const char *value);

// NULL: no such field.
char *aloft_idf_header_get(struct aloft_idf_header *list, const char *key);

void aloft_idf_header_free(struct aloft_idf_header **list);

// A line of an answer's head, as two texts of the caller's; false: it is no field.
bool aloft_idf_header_split(const char *line, size_t len, char **key, char **value);

// Answers a challenge: the value of Authorization. NULL: it cannot be answered.
char *aloft_idf_auth_answer(const char *challenge, const char *method, const char *uri,
                            const char *user, const char *password);

#endif
