// The partition tables that ESP-IDF ships, by their names there.
#ifndef ALOFT_HOSTLIB_PTABLE_TEMPLATE_H
#define ALOFT_HOSTLIB_PTABLE_TEMPLATE_H

#include <stddef.h>

struct aloft_ptable_template {
    const char *name;
    const char *summary; // one line for a list
    const char *csv;     // for aloft_ptable_csv_parse, with the table at 8000
};

extern const struct aloft_ptable_template aloft_ptable_templates[];
extern const size_t aloft_ptable_template_count;

// NULL when no template has that name.
const struct aloft_ptable_template *aloft_ptable_template_find(const char *name);

#endif
