// Arduino's HTTPUpdate as a filter (http_filter.h) of the pull: the headers by which servers
// written for arduino-esp32 know a device, and the MD5 by which they announce a file. Such servers
// need no change. Which header means what: docs/SPEC.md, "HTTPUpdate".
// Source: espressif/arduino-esp32, libraries/HTTPUpdate.
//
// Life cycle: init; step until it is not AGAIN, once, before the first pull; then config.filter and
// config.check of the pull are &httpupdate.filter and &httpupdate.check.
//
// Invariants
//   U1  Once an answer has announced an MD5, nothing is selected but a file that has it. What is
//       hashed is the whole file as it lies in flash, whichever part of it came when.
//   U2  User and password go to the host of config.url, and over TLS if that says so; never to
//       where a redirect leads away from it.
//   U3  No value can add a line to the request: one with bytes beyond printable ASCII is left out.
#ifndef ALOFT_HTTPUPDATE_H
#define ALOFT_HTTPUPDATE_H

#include "aloft/flash.h"
#include "aloft/image.h"
#include "aloft/net/http.h"
#include "aloft/verify.h"

#define ALOFT_HTTPUPDATE_STEP 4096u // the most that one step reads

struct aloft_httpupdate_config {
    const struct aloft_crypto *crypto; // for MD5
    const char *url;                   // that is pulled
    const char *user;                  // Basic authentication; without a colon. NULL: none
    const char *password;
    const char *version;                   // what the app calls itself; NULL or "": header left out
    const char *sdk_version;               // as version
    const struct aloft_image_facts *image; // of the running app
    struct aloft_flash_view slot;          // where that lies
    uint32_t free_space;                   // bytes of the slot that the update goes to
    uint32_t chip_size;                    // bytes of flash
    uint8_t sta_mac[6];
    uint8_t ap_mac[6];
};

struct aloft_httpupdate {
    struct aloft_http_filter filter;
    struct aloft_file_check check; // against x-MD5
    // private
    struct aloft_httpupdate_config config;
    struct aloft_url origin;
    struct aloft_hash hash; // of the running app, then of each file that is announced with an MD5
    uint32_t off;
    bool has_md5; // of the running app
    uint8_t md5[ALOFT_MD5_LEN];
    uint32_t announced; // what the answer said
    uint8_t want[ALOFT_MD5_LEN];
};

// config is copied; what it points to must outlive the filter, and so must `update`. It may not
// move.
void aloft_httpupdate_init(struct aloft_httpupdate *update,
                           const struct aloft_httpupdate_config *config);

// Hashes up to 4 KiB of the running image, for x-ESP32-sketch-md5, which servers compare with the
// MD5 of their file. FAILED: it cannot be read, and the header is left out.
// Power loss: nothing changes.
enum aloft_step aloft_httpupdate_step(struct aloft_httpupdate *update);

// Faults of filter and check: HTTP_MD5 when a 200 or 206 has an x-MD5 that is none, or two; when a
// 206 has none, as the whole file's might have been announced before; when the file has another.
// CRYPTO.

#endif
