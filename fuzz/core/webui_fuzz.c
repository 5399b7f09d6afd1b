// The device's HTTP server: a request, a form, and credentials. In one piece and in pieces a stream
// means the same; what a form gives stood in it; no answer to a challenge is good by chance. Input:
// choices, a split, then the request, or the boundary's length, the boundary and the form.
#include "aloft/net/webui.h"
#include "aloft/net/webui_auth.h"
#include "fuzz.h"
#include "soft_crypto.h"

enum { OUT_MAX = 0x20000 };

// What came out, as bytes; long spans are split at will, so only their bytes count.
struct out {
    uint8_t bytes[OUT_MAX];
    uint32_t len;
    uint32_t given; // bytes of data among them
    bool bad;
};

static void put(struct out *out, const void *data, uint32_t len)
{
    FUZZ_CHECK(len <= OUT_MAX - out->len);
    memcpy(out->bytes + out->len, data, len);
    out->len += len;
}

static void put_text(struct out *out, const char *text)
{
    put(out, text, (uint32_t)strlen(text) + 1);
}

static void judge(const struct aloft_webui *http)
{
    static const uint8_t secret[ALOFT_WEBUI_SECRET];
    struct aloft_webui_verifier verifier;
    struct aloft_webui_auth auth;
    char nonce[ALOFT_WEBUI_NONCE_HEX + 1];
    FUZZ_CHECK(aloft_webui_verifier_make(&aloft_soft_crypto, "u", "r", "p", &verifier) == ALOFT_OK);
    aloft_webui_auth_init(&auth, &aloft_soft_crypto, &verifier, "r", secret);
    aloft_webui_auth_nonce(&auth, 0, nonce);
    const struct aloft_webui_claim claim = {"GET", http->target, http->text};
    enum aloft_webui_verdict verdict = aloft_webui_auth_check(&auth, &claim, 0);
    FUZZ_CHECK(verdict == ALOFT_WEBUI_UNKNOWN || verdict == ALOFT_WEBUI_WRONG);
}

static void request(struct out *out, struct fuzz_input in, uint32_t seed)
{
    struct aloft_webui http;
    bool ready = false;
    aloft_webui_init(&http);
    while (in.left > 0 && !out->bad) {
        uint32_t used;
        uint32_t n = fuzz_piece(&seed, (uint32_t)in.left);
        enum aloft_webui_event event = aloft_webui_next(&http, in.data, n, &used);
        FUZZ_CHECK(used <= n);
        if (event == ALOFT_WEBUI_CREDENTIALS) {
            FUZZ_CHECK(!ready && strlen(http.text) <= ALOFT_WEBUI_TEXT);
            put_text(out, http.text);
            judge(&http);
        } else if (event == ALOFT_WEBUI_READY) {
            FUZZ_CHECK(!ready && http.left == http.length && http.target[0] == '/');
            ready = true;
            put(out, &http.length, sizeof http.length);
            put_text(out, http.target);
            put(out, http.boundary, http.boundary_len);
            put(out, &http.foreign, sizeof http.foreign);
        } else if (event == ALOFT_WEBUI_BODY) {
            FUZZ_CHECK(ready && used == http.body_len && used > 0);
            out->given += used;
            put(out, in.data, used);
        } else if (event == ALOFT_WEBUI_DONE) {
            break;
        }
        out->bad = event == ALOFT_WEBUI_BAD;
        FUZZ_CHECK(out->bad == (http.status != 0));
        in.data += used;
        in.left -= used;
    }
    FUZZ_CHECK(!ready || out->given + http.left == http.length);
    put(out, &http.status, sizeof http.status);
}

static void form(struct out *out, struct fuzz_input in, uint32_t seed)
{
    struct aloft_webui_multipart parts;
    char boundary[ALOFT_WEBUI_BOUNDARY_MAX] = "X";
    uint32_t len = fuzz_u8(&in) % ALOFT_WEBUI_BOUNDARY_MAX + 1;
    uint32_t taken = 0;
    bool inside = false;
    (void)fuzz_bytes(&in, boundary, len);
    for (uint32_t i = 0; i < len; i++) {
        boundary[i] = boundary[i] == '\r' ? 'r' : boundary[i];
    }
    aloft_webui_multipart_init(&parts, boundary, len);
    while (in.left > 0 && !out->bad) {
        uint32_t used;
        uint32_t n = fuzz_piece(&seed, (uint32_t)in.left);
        enum aloft_webui_multipart_event event =
            aloft_webui_multipart_next(&parts, in.data, n, &used);
        FUZZ_CHECK(used <= n);
        in.data += used;
        in.left -= used;
        taken += used;
        FUZZ_CHECK(event != ALOFT_WEBUI_PART_MORE || used == n);
        if (event == ALOFT_WEBUI_PART_BEGUN) {
            FUZZ_CHECK(!inside && strlen(parts.field) <= ALOFT_WEBUI_FIELD_MAX);
            inside = true;
            put_text(out, parts.field);
            put(out, &parts.has_file, 1);
        } else if (event == ALOFT_WEBUI_PART_DATA) {
            FUZZ_CHECK(inside && parts.data_len > 0);
            out->given += parts.data_len;
            FUZZ_CHECK(out->given <= taken); // a form gives no more than it is
            put(out, parts.data, parts.data_len);
        } else if (event == ALOFT_WEBUI_PART_END) {
            FUZZ_CHECK(inside);
            inside = false;
            put(out, "|", 1);
        } else if (event == ALOFT_WEBUI_PARTS_END) {
            FUZZ_CHECK(!inside);
            put(out, "end", 3);
        }
        out->bad = event == ALOFT_WEBUI_PARTS_BAD;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct out whole;
    static struct out split;
    struct fuzz_input in = {data, size};
    void (*run)(struct out *, struct fuzz_input, uint32_t) =
        (fuzz_u8(&in) & 1) != 0 ? form : request;
    uint32_t seed = fuzz_u16(&in);
    if (in.left > OUT_MAX / 4) {
        return 0;
    }
    memset(&whole, 0, sizeof whole);
    memset(&split, 0, sizeof split);
    run(&whole, in, 0);
    run(&split, in, seed | 1);
    FUZZ_CHECK(whole.bad == split.bad && whole.len == split.len);
    FUZZ_CHECK(memcmp(whole.bytes, split.bytes, whole.len) == 0);
    return 0;
}
