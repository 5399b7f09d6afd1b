// JSON: Debian's libcjson, which is the library that ESP-IDF has.
// Source: ESP-IDF components/json.
#ifndef ALOFT_IDF_CJSON_H
#define ALOFT_IDF_CJSON_H

#include <cjson/cJSON.h>

#endif
