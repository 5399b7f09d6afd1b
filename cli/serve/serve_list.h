// A folder as a page of links.
#ifndef ALOFT_CLI_SERVE_LIST_H
#define ALOFT_CLI_SERVE_LIST_H

#include <stddef.h>

// The page for the folder `path`, shown as `url`, malloc'ed; NULL when it cannot be read. Hidden
// files are left out.
char *aloft_serve_list(const char *path, const char *url, size_t *len);

#endif
