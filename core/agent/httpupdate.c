// Header lines out, header lines in, and one hash. The request is not stored: each call writes all
// of it into the window.
#include "aloft/httpupdate.h"
#include "aloft/base/assert.h"
#include "aloft/base/hex.h"
#include <string.h>

#define PIECE 256u // bytes on the stack at a time

enum announced { NOTHING, MD5, NONSENSE };

static bool printable(const char *text)
{
    while (*text >= ' ' && *text <= '~') {
        text++;
    }
    return *text == 0;
}

static void open_line(struct aloft_http_window *out, const char *name)
{
    aloft_http_put_text(out, "\r\nx-ESP32-");
    aloft_http_put_text(out, name);
}

static void text_line(struct aloft_http_window *out, const char *name, const char *value)
{
    if (value != NULL && *value != 0 && printable(value)) { // keeps U3
        ALOFT_INVARIANT("U3", strpbrk(value, "\r\n") == NULL);
        open_line(out, name);
        aloft_http_put_text(out, value);
    }
}

static void number_line(struct aloft_http_window *out, const char *name, uint32_t value)
{
    open_line(out, name);
    aloft_http_put_number(out, value);
}

// `digits`: the sixteen of them, then what stands between two bytes, if anything does.
static void hex_line(struct aloft_http_window *out, const char *name, const uint8_t *bytes,
                     uint32_t len, const char *digits)
{
    open_line(out, name);
    for (uint32_t i = 0; i < len; i++) {
        aloft_http_put_text(out, i > 0 ? digits + 16 : "");
        aloft_http_put(out, digits + (bytes[i] >> 4), 1);
        aloft_http_put(out, digits + (bytes[i] & 15), 1);
    }
}

// "user:password" in base64. Source: RFC 7617, RFC 4648.
static void put_credentials(struct aloft_http_window *out, const char *user, const char *password)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = user;
    bool in_user = true;
    while (in_user || *at != 0) {
        char text[4] = "====";
        uint32_t bits = 0;
        uint32_t n;
        for (n = 0; n < 3 && (in_user || *at != 0); n++) {
            bool colon = in_user && *at == 0;
            bits |= (uint32_t)(uint8_t)(colon ? ':' : *at) << (16 - 8 * n);
            in_user = in_user && !colon;
            at = colon ? password : at + 1;
        }
        for (uint32_t i = 0; i <= n; i++) {
            text[i] = digits[bits >> (18 - 6 * i) & 63];
        }
        aloft_http_put(out, text, sizeof text);
    }
}

// Does this request go to the host that user and password are for?
static bool at_origin(const struct aloft_httpupdate *update,
                      const struct aloft_http_request *request)
{
    const struct aloft_url *origin = &update->origin;
    const struct aloft_url *url = request->url;
    return origin->tls == url->tls && origin->authority_len == url->authority_len &&
           memcmp(update->config.url + origin->authority, request->url_text + url->authority,
                  url->authority_len) == 0;
}

static void put_headers(void *ctx, const struct aloft_http_request *request,
                        struct aloft_http_window *out)
{
    const struct aloft_httpupdate *update = ctx;
    const struct aloft_httpupdate_config *config = &update->config;
    aloft_http_put_text(out, "\r\nUser-Agent: ESP32-http-Update\r\nCache-Control: no-cache");
    hex_line(out, "STA-MAC: ", config->sta_mac, sizeof config->sta_mac, "0123456789ABCDEF:");
    hex_line(out, "AP-MAC: ", config->ap_mac, sizeof config->ap_mac, "0123456789ABCDEF:");
    number_line(out, "free-space: ", config->free_space);
    number_line(out, "sketch-size: ", config->image->image_len);
    if (update->has_md5) {
        hex_line(out, "sketch-md5: ", update->md5, sizeof update->md5, "0123456789abcdef");
    }
    if (config->image->hash_appended != 0) {
        hex_line(out, "sketch-sha256: ", config->image->digest, sizeof config->image->digest,
                 "0123456789ABCDEF");
    }
    number_line(out, "chip-size: ", config->chip_size);
    text_line(out, "sdk-version: ", config->sdk_version);
    open_line(out, "mode: sketch");
    text_line(out, "version: ", config->version);
    if (config->user != NULL && at_origin(update, request)) { // keeps U2
        ALOFT_INVARIANT("U2", request->url->tls || !update->origin.tls);
        aloft_http_put_text(out, "\r\nAuthorization: Basic ");
        put_credentials(out, config->user, config->password);
    }
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

// 32 digits, and nothing else but blanks around them.
static bool read_md5(const char *text, uint8_t md5[ALOFT_MD5_LEN])
{
    return aloft_hex_parse(text, md5, ALOFT_MD5_LEN) && *skip_blanks(text + 2 * ALOFT_MD5_LEN) == 0;
}

// What was hashed before, and perhaps not to its end, is forgotten.
static enum aloft_err begin_hash(struct aloft_httpupdate *update)
{
    update->config.crypto->hash_drop(&update->hash);
    return update->config.crypto->hash_init(&update->hash, ALOFT_HASH_MD5);
}

// An empty value announces nothing: a script that could not read its file sends it. Two x-MD5
// headers in one answer are refused.
static enum aloft_err read_md5_header(struct aloft_httpupdate *update,
                                      const struct aloft_http *http, const char *value)
{
    bool whole = http->line_len < ALOFT_HTTP_LINE_MAX;
    value = skip_blanks(value);
    if (*value == 0 && whole) {
        return ALOFT_OK;
    }
    bool good = update->announced == NOTHING && whole && read_md5(value, update->want);
    update->announced = good ? MD5 : NONSENSE;
    return begin_hash(update);
}

static enum aloft_err read_line(void *ctx, const struct aloft_http *http)
{
    static const char name[] = "x-md5:";
    struct aloft_httpupdate *update = ctx;
    const char *line = http->line;
    // A name has no blank, and what comes before the first colon is a name.
    if (strncmp(line, "http/1.", 7) == 0 && line[7] != ':' && line[8] == ' ') {
        update->announced = NOTHING;
    }
    if (strncmp(line, name, sizeof name - 1) == 0) {
        return read_md5_header(update, http, line + sizeof name - 1);
    }
    bool refused =
        update->announced == NONSENSE || (update->announced == NOTHING && http->status == 206);
    return *line == 0 && refused && aloft_http_status_err(http->status) == ALOFT_OK
               ? ALOFT_ERR_HTTP_MD5
               : ALOFT_OK;
}

static enum aloft_err judge_file(void *ctx, const uint8_t *data, uint32_t len, uint32_t left)
{
    struct aloft_httpupdate *update = ctx;
    const struct aloft_crypto *crypto = update->config.crypto;
    uint8_t md5[ALOFT_MD5_LEN];
    if (update->announced == NOTHING) {
        return ALOFT_OK;
    }
    ALOFT_INVARIANT("U1", update->announced == MD5); // an answer with nonsense was refused
    enum aloft_err err = crypto->hash_feed(&update->hash, data, len);
    if (err != ALOFT_OK || left > 0) {
        return err;
    }
    err = crypto->hash_finish(&update->hash, md5);
    return err != ALOFT_OK                              ? err
           : memcmp(md5, update->want, sizeof md5) == 0 ? ALOFT_OK // keeps U1
                                                        : ALOFT_ERR_HTTP_MD5;
}

void aloft_httpupdate_init(struct aloft_httpupdate *update,
                           const struct aloft_httpupdate_config *config)
{
    memset(update, 0, sizeof *update);
    update->config = *config;
    update->filter = (struct aloft_http_filter){put_headers, read_line, update};
    update->check = (struct aloft_file_check){judge_file, update};
    // The result is not checked: the pull refuses a malformed URL, and one with blanks in its path
    // still has a host.
    (void)aloft_url_parse(config->url, &update->origin);
}

enum aloft_step aloft_httpupdate_step(struct aloft_httpupdate *update)
{
    const struct aloft_crypto *crypto = update->config.crypto;
    uint32_t len = update->config.image->image_len;
    uint8_t piece[PIECE];
    enum aloft_err err = ALOFT_OK;
    if (update->off == 0) {
        err = len == 0 ? ALOFT_ERR_IMAGE_EMPTY : begin_hash(update);
    }
    for (uint32_t read = 0; read < ALOFT_HTTPUPDATE_STEP && err == ALOFT_OK; read += PIECE) {
        uint32_t n = len - update->off < PIECE ? len - update->off : PIECE;
        if (n == 0) {
            err = crypto->hash_finish(&update->hash, update->md5);
            update->has_md5 = err == ALOFT_OK;
            return update->has_md5 ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
        }
        err = aloft_flash_read(&update->config.slot, update->off, piece, n);
        err = err == ALOFT_OK ? crypto->hash_feed(&update->hash, piece, n) : err;
        update->off += n;
    }
    return err == ALOFT_OK ? ALOFT_STEP_AGAIN : ALOFT_STEP_FAILED;
}
