// The sender of a push to a device that listens as Arduino's do: invitation, proof of the password,
// and the file over the connection that the device makes back. Blocks until the device has said how
// it went. Formats and proofs are core's (aloft/net/espota.h).
#ifndef ALOFT_HOSTLIB_ESPOTA_CLIENT_H
#define ALOFT_HOSTLIB_ESPOTA_CLIENT_H

#include "hostlib/base/message.h"
#include <stddef.h>
#include <stdint.h>

// How the device let us in. A device of Arduino core 3.3.1 or later may still hold the MD5 of its
// password from before; that is found out by trying.
enum aloft_espota_auth {
    ALOFT_ESPOTA_AUTH_NONE,
    ALOFT_ESPOTA_AUTH_MD5,
    ALOFT_ESPOTA_AUTH_SHA256,
    ALOFT_ESPOTA_AUTH_SHA256_OF_MD5,
};

struct aloft_espota_client {
    const char *host; // a name or an address, IPv6 without brackets
    uint16_t port;
    const uint8_t *data;
    size_t len;
    const char *password; // NULL: none
    bool files;           // the image of a file system instead of firmware
    uint16_t host_port;   // where the device connects to; 0: any
    uint32_t timeout_ms;  // for the device to answer the invitation
    void (*progress)(void *ctx, uint32_t done, uint32_t total); // may be NULL
    void *progress_ctx;
    enum aloft_espota_auth auth; // a result
    char md5[33];                // likewise: of the file
};

// True: the device said that all of it arrived, is whole, and is what it runs next.
bool aloft_espota_client_push(struct aloft_espota_client *client, struct aloft_message *error);

#endif
