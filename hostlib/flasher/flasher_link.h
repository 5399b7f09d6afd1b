// Requests and replies of the loader over a serial line: one request, and the reply that belongs to
// it. For flasher*.c, and for commands about single registers.
#ifndef ALOFT_HOSTLIB_FLASHER_LINK_H
#define ALOFT_HOSTLIB_FLASHER_LINK_H

#include "hostlib/flasher/flasher_state.h"

#define ALOFT_FLASHER_TIMEOUT_MS 3000u

enum aloft_flasher_answer {
    ALOFT_FLASHER_YES,
    ALOFT_FLASHER_LOST,      // request or reply got lost, and no reply to it will come any more
    ALOFT_FLASHER_BAD_CHECK, // the request arrived broken; sending it again is right
    ALOFT_FLASHER_REFUSED,
    ALOFT_FLASHER_SILENCE, // the chip answers nothing at all; a reply may still come
    ALOFT_FLASHER_GONE,    // the line is
};

struct aloft_flasher_request {
    uint8_t op; // enum aloft_serial_op
    const uint8_t *payload;
    uint16_t len;
    uint32_t check;      // of data requests
    uint32_t timeout_ms; // until its reply is missed; 0: ALOFT_FLASHER_TIMEOUT_MS
    bool last;           // the chip may leave its loader with it: a missing reply is just SILENCE
};

// Points into the flasher; valid until the next request.
struct aloft_flasher_reply {
    uint32_t value;
    const uint8_t *data; // without the status
    uint32_t len;
};

// Sends the request and waits for its reply; replies to other requests, left over from before, are
// passed over. A reply that is missed may only be late, as a machine is busy or a network slow, and
// would then be taken for the reply to the next request of its kind. So the chip is asked for SYNC:
// it answers in order, and what has come until then decides. That takes some seconds more.
// reply may be NULL. All but YES leave a sentence in flasher->error.
enum aloft_flasher_answer aloft_flasher_ask(struct aloft_flasher *flasher,
                                            const struct aloft_flasher_request *request,
                                            struct aloft_flasher_reply *reply);

// The same for requests whose payload is words. True for YES.
bool aloft_flasher_ask_words(struct aloft_flasher *flasher, uint8_t op, const uint32_t *words,
                             size_t count, uint32_t timeout_ms);

// One SYNC, and the replies to it. True when the chip answered; flasher->stub says who did. False
// leaves it as it was.
bool aloft_flasher_sync(struct aloft_flasher *flasher);

// The next body that is no packet's reply but raw: flasher->body, *len. For the stub's flash reads.
enum aloft_flasher_answer aloft_flasher_next_body(struct aloft_flasher *flasher,
                                                  uint64_t deadline_ms, uint32_t *len);
enum aloft_flasher_answer aloft_flasher_send_body(struct aloft_flasher *flasher,
                                                  const uint8_t *body, uint32_t len);

// A word of the chip's memory or registers; addr is a multiple of 4.
bool aloft_flasher_read_reg(struct aloft_flasher *flasher, uint32_t addr, uint32_t *value);
// Only the bits in mask change.
bool aloft_flasher_write_reg(struct aloft_flasher *flasher, uint32_t addr, uint32_t value,
                             uint32_t mask);

// Forgets what has come so far.
bool aloft_flasher_purge(struct aloft_flasher *flasher);

#endif
