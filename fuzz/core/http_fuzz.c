// The HTTP answer, read without a filter and with HTTPUpdate's. In one piece and in pieces it
// means the same, and its promises hold: lengths, limits, a Location that stood in the answer, an
// x-MD5 that only ever refuses. Input: choices, a split, the answer.
#include "aloft/httpupdate.h"
#include "fuzz.h"
#include "soft_crypto.h"

enum { BODY_MAX = 0x10000, LOCATION_MAX = 64 };

struct answer {
    bool headed;
    struct aloft_http head;    // as it was at HEAD
    enum aloft_http_event end; // of the input
    enum aloft_err err;
    enum aloft_http_event eof;
    enum aloft_err eof_err;
    uint32_t received;
    enum aloft_err md5; // fault of a file of one byte
    char location[LOCATION_MAX];
    uint8_t body[BODY_MAX];
};

static void take_body(struct answer *answer, const struct aloft_http *http, const uint8_t *end)
{
    FUZZ_CHECK(answer->headed);
    FUZZ_CHECK(http->received <= BODY_MAX && http->body_len <= http->received);
    FUZZ_CHECK(!http->has_length || http->received <= http->length);
    memcpy(answer->body + answer->received, end - http->body_len, http->body_len);
    answer->received += http->body_len;
    FUZZ_CHECK(answer->received == http->received);
}

static void feed(struct answer *answer, struct aloft_http *http, const uint8_t *data, uint32_t len)
{
    do {
        uint32_t used;
        answer->end = aloft_http_next(http, data, len, &used);
        FUZZ_CHECK(used <= len);
        data += used;
        len -= used;
        if (answer->end == ALOFT_HTTP_BODY) {
            take_body(answer, http, data);
        }
        if (answer->end == ALOFT_HTTP_HEADERS) {
            FUZZ_CHECK(!answer->headed);
            answer->headed = true;
            answer->head = *http;
        }
    } while (len > 0 && answer->end != ALOFT_HTTP_BAD);
}

static void run(struct answer *answer, struct fuzz_input in, uint32_t choice, uint32_t seed)
{
    static const struct aloft_image_facts running;
    const struct aloft_httpupdate_config config = {
        .crypto = &aloft_soft_crypto, .url = "", .image = &running};
    struct aloft_httpupdate update;
    struct aloft_http http;
    uint32_t limit = (choice & 1) != 0 ? 100 : BODY_MAX;
    memset(answer, 0, sizeof *answer);
    aloft_httpupdate_init(&update, &config);
    aloft_http_init(&http, limit, answer->location, LOCATION_MAX);
    http.filter = (choice & 2) != 0 ? &update.filter : NULL;
    while (in.left > 0 && answer->end != ALOFT_HTTP_BAD) {
        uint32_t n = fuzz_piece(&seed, (uint32_t)in.left);
        feed(answer, &http, in.data, n);
        in.data += n;
        in.left -= n;
    }
    FUZZ_CHECK(http.received <= limit);
    // Only an answer whose headers were taken brings a file to judge.
    if (answer->headed && aloft_http_status_err(answer->head.status) == ALOFT_OK) {
        answer->md5 = update.check.judge(&update, (const uint8_t *)"a", 1, 0);
    }
    FUZZ_CHECK(http.filter != NULL || answer->md5 == ALOFT_OK);
    FUZZ_CHECK(http.filter != NULL || http.err != ALOFT_ERR_HTTP_MD5);
    FUZZ_CHECK((answer->end == ALOFT_HTTP_BAD) == (http.err != ALOFT_OK));
    answer->err = http.err;
    bool complete = aloft_http_complete(&http);
    answer->eof = aloft_http_eof(&http);
    answer->eof_err = http.err;
    FUZZ_CHECK(!complete || answer->eof == ALOFT_HTTP_DONE);
    FUZZ_CHECK(answer->eof != ALOFT_HTTP_DONE || !http.has_length || http.chunked ||
               http.status != 200 || http.received == http.length);
}

static void check_same(const struct answer *a, const struct answer *b)
{
    FUZZ_CHECK(a->headed == b->headed && a->err == b->err);
    FUZZ_CHECK(a->eof == b->eof && a->eof_err == b->eof_err);
    FUZZ_CHECK(a->md5 == b->md5);
    FUZZ_CHECK(a->head.status == b->head.status && a->head.length == b->head.length);
    FUZZ_CHECK(a->head.has_length == b->head.has_length && a->head.chunked == b->head.chunked);
    FUZZ_CHECK(a->head.has_location == b->head.has_location);
    FUZZ_CHECK(!a->head.has_location || strcmp(a->location, b->location) == 0);
    // When a body ends in a fault, pieces may have let more of it through.
    uint32_t len = a->received < b->received ? a->received : b->received;
    FUZZ_CHECK(a->received == b->received || a->err != ALOFT_OK);
    FUZZ_CHECK(memcmp(a->body, b->body, len) == 0);
}

// The Location is what stood in some line, without the blanks around it, and nothing else.
static void check_location(const struct answer *answer, const struct fuzz_input *in)
{
    size_t len = strlen(answer->location);
    const uint8_t *at = in->data;
    const uint8_t *end = in->data + in->left;
    bool found = false;
    FUZZ_CHECK(len > 0 && len < LOCATION_MAX);
    while (!found && (at = memmem(at, (size_t)(end - at), answer->location, len)) != NULL) {
        const uint8_t *next = at + len;
        while (next < end && (*next == ' ' || *next == '\t')) {
            next++;
        }
        next += next < end && *next == '\r';
        found = next < end && *next == '\n';
        at++;
    }
    FUZZ_CHECK(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answer whole;
    static struct answer split;
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    uint32_t seed = fuzz_u16(&in);
    if (in.left > BODY_MAX) {
        return 0;
    }
    run(&whole, in, choice, 0);
    run(&split, in, choice, seed | 1);
    check_same(&whole, &split);
    if (whole.head.has_location) {
        check_location(&whole, &in);
    }
    FUZZ_CHECK(aloft_http_status_err(whole.head.status) != ALOFT_OK || whole.head.status == 200 ||
               whole.head.status == 206);
    return 0;
}
