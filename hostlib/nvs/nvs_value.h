// One value of nvs_partition_gen's CSV: an encoding and a text, or a file, become what NVS stores.
#ifndef ALOFT_HOSTLIB_NVS_VALUE_H
#define ALOFT_HOSTLIB_NVS_VALUE_H

#include "aloft/format/nvspage.h"
#include "hostlib/base/file.h"

#define ALOFT_NVS_VALUE_MAX 0x100000u // bytes of a file

struct aloft_nvs_value {
    enum aloft_nvs_value_kind {
        ALOFT_NVS_VALUE_NUMBER, // type, number
        ALOFT_NVS_VALUE_TEXT,   // bytes with a NUL behind
        ALOFT_NVS_VALUE_BLOB,   // bytes
    } kind;
    enum aloft_nvs_type type;
    uint64_t number;
    uint8_t *bytes; // released with the value
    uint32_t len;
};

// Encodings: u8, i8, u16, i16, u32, i32, u64, i64 (decimal, as Python's int reads it), string,
// hex2bin, base64, binary, blob_fill(N;0xNN) and blob_sz_fill(N;0xNN).
// Fails: an unknown encoding, which is told the one that was meant; a value that is none of it.
bool aloft_nvs_value_of_text(struct aloft_nvs_value *value, const char *encoding, const char *text,
                             struct aloft_message *error);
// The bytes of a file: string, binary, hex2bin, base64, or a number.
bool aloft_nvs_value_of_file(struct aloft_nvs_value *value, const char *encoding,
                             const struct aloft_file *file, struct aloft_message *error);
void aloft_nvs_value_release(struct aloft_nvs_value *value);

#endif
