// Push: a device that Arduino's IDE, espota.py and `aloft push` find and update. The sender invites
// by a datagram, the device connects back and takes the file. A way (way.h) of two connections,
// ALOFT_WAY_ID_INVITE and ALOFT_WAY_ID_PUSH, in front of the intake (intake.h).
//
//   aloft_push_init -> aloft_push_way, which the port runs -> RESTART after a push that went well
//
// Firmware goes to the spare slot. Files, the image of a file system, go to the data partition of
// subtype spiffs, littlefs or fat, in this order; an app that has it mounted unmounts it at the
// INVITED event. There is no second copy of files: a push that breaks off leaves a partition that
// does not mount, as its first 16 bytes are written last. While the running app is on trial neither
// is taken: the restart behind a push would end the trial.
//
// Of the port: a datagram that is not taken (feed returns 0) is offered again. A datagram is sent
// whole: cap >= ALOFT_ESPOTA_DATAGRAM.
#ifndef ALOFT_PUSH_H
#define ALOFT_PUSH_H

#include "aloft/agent/push_gate.h"
#include "aloft/intake.h"
#include "aloft/net/espota.h"
#include "aloft/way.h"

struct aloft_push_config {
    struct aloft_intake *intake; // also gives the slots, the rules, and the receiver of events
    const char *verifier; // MD5 (32) or SHA-256 (64 digits, lower-case) of the password; NULL:
                          // none. Who knows it can push: keep it as the password itself
    bool open;            // without a verifier: take a push from anybody; else the way stays off
    uint16_t port;        // 0: 3232
    uint32_t timeout_ms;  // of a sender that says nothing; 0: 10 s
    void (*random)(void *ctx, uint8_t *out, uint32_t len); // bytes that nobody can guess
    void *random_ctx;
};

struct aloft_push {
    struct aloft_push_config config;
    enum aloft_err err; // of the last push
    uint32_t phase;     // private from here on
    uint32_t digits;    // of a nonce; 0: no password
    uint32_t now_ms;    // of the call that is under way
    uint32_t deadline_ms;
    uint32_t bind_ms;  // when the datagram port is looked at again
    uint32_t count_ms; // when a count is due at the latest
    uint32_t begun_ms;
    uint32_t received;   // bytes of the file
    uint32_t unreported; // of them
    bool bound;          // the datagram port is open or asked for
    bool linked;         // the connection back is open or asked for
    bool ask_bind;
    bool ask_open;
    bool ask_close;
    bool peer_done; // the sender will send no more
    struct aloft_espota_invitation invitation;
    struct aloft_way_peer sender;  // of the invitation
    struct aloft_flash_view files; // where files go
    struct aloft_rate guesses;     // of the password
    struct aloft_rate refusals;    // that are told
    uint32_t answer_len;
    char answer[ALOFT_ESPOTA_DATAGRAM]; // the next datagram
    struct aloft_way_peer answer_to;
    uint32_t said_off;
    uint32_t said_len;
    char said[ALOFT_ESPOTA_ERROR + 16]; // over the connection
    union {
        struct aloft_push_gate gate; // until a sender is believed
        struct {                     // while it sends
            struct aloft_hash md5;
            struct aloft_writer writer; // of files
            bool headed;                // only their first bytes are left
        } in;
    } work;
};

// config is copied, what it points to must outlive the push.
// Errors: ARG when the verifier is neither 32 nor 64 lower-case hexadecimal digits: the way is off.
enum aloft_err aloft_push_init(struct aloft_push *push, const struct aloft_push_config *config);

// The way. Step does one flash operation at most, or ALOFT_ESPOTA_ROUNDS rounds of the proof.
// Power loss: firmware: as aloft_intake_step. Files: the partition may hold a part of them, without
//             its first 16 bytes; slots and otadata are untouched.
// Events:     REFUSED for what does not begin, ten at once and then one in 10 s; INVITED, then
// those
//             of the intake; FAILED.
struct aloft_way aloft_push_way(struct aloft_push *push);

#endif
