// Answers put together from what the device knows: outcomes in the dialect of who asked, the page,
// and the status piece by piece.
#include "web_answer.h"
#include <string.h>

#define JSON       "application/json"
#define PIECES_END ((int)ALOFT_OTADATA_SLOTS_MAX)
#define MS_PER_S   1000u

bool aloft_web_has_password(const struct aloft_web *web)
{
    const struct aloft_webui_verifier *verifier = web->config.verifier;
    return verifier->sha256[0] != 0 || verifier->md5[0] != 0;
}

static uint32_t status_of(enum aloft_err err)
{
    static const struct {
        int16_t err;
        uint16_t status;
    } rows[] = {
        {ALOFT_OK, 200},
        {ALOFT_ERR_WEB_REQUEST, 400},
        {ALOFT_ERR_WEB_FORM, 400},
        {ALOFT_ERR_WEB_FILESYSTEM, 400},
        {ALOFT_ERR_WEB_UNAUTHORIZED, 401},
        {ALOFT_ERR_WEB_ORIGIN, 403},
        {ALOFT_ERR_WEB_NOT_FOUND, 404},
        {ALOFT_ERR_CONTROL_COMMAND, 404},
        {ALOFT_ERR_SLOT_UNKNOWN, 404},
        {ALOFT_ERR_WEB_METHOD, 405},
        {ALOFT_ERR_WEB_TOO_LARGE, 413},
        {ALOFT_ERR_IMAGE_TOO_LARGE, 413},
        {ALOFT_ERR_CRYPTO, 500},
        {ALOFT_ERR_FLASH_READ, 500},
        {ALOFT_ERR_FLASH_PROG, 500},
        {ALOFT_ERR_FLASH_ERASE, 500},
        {ALOFT_ERR_FLASH_VERIFY, 500},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == (int)err) {
            return rows[i].status;
        }
    }
    return 409; // the device is not in a state for it, or the image is not for the device
}

static void put_challenge(struct aloft_web *web, const char *algorithm, const char *nonce)
{
    struct aloft_webui *http = &web->http;
    aloft_webui_put(http, "WWW-Authenticate: Digest realm=\"");
    aloft_webui_put(http, web->config.realm);
    aloft_webui_put(http, "\", qop=\"auth\", algorithm=");
    aloft_webui_put(http, algorithm);
    aloft_webui_put(http, ", nonce=\"");
    aloft_webui_put(http, nonce);
    aloft_webui_put(http, web->verdict == ALOFT_WEBUI_STALE ? "\", stale=true\r\n" : "\"\r\n");
}

// The headers that a fault's status brings with it.
static void put_fault(struct aloft_web *web, enum aloft_err err, uint32_t now_ms)
{
    struct aloft_webui *http = &web->http;
    aloft_webui_put(http, "X-Aloft-Error: ");
    aloft_webui_put(http, aloft_err_name(err));
    aloft_webui_put(http, "\r\n");
    if (err == ALOFT_ERR_WEB_UNAUTHORIZED) {
        char nonce[ALOFT_WEBUI_NONCE_HEX + 1];
        aloft_webui_auth_nonce(&web->auth, now_ms, nonce);
        if (web->config.verifier->sha256[0] != 0) {
            put_challenge(web, "SHA-256", nonce);
        }
        if (web->config.verifier->md5[0] != 0) {
            put_challenge(web, "MD5", nonce);
        }
        if (!aloft_web_has_password(web)) {
            aloft_webui_put(http, "WWW-Authenticate: Bearer\r\n");
        }
    } else if (err == ALOFT_ERR_WEB_METHOD) {
        aloft_webui_put(http, "Allow: GET, HEAD, POST\r\n");
    }
}

static void put_outcome(struct aloft_web *web, enum aloft_err err)
{
    struct aloft_webui *http = &web->http;
    if (err == ALOFT_OK) {
        aloft_webui_put(http, "{\"ok\":true,\"restarting\":");
        aloft_webui_put(http, web->restart ? "true}\n" : "false}\n");
        return;
    }
    aloft_webui_put(http, "{\"error\":");
    aloft_webui_put_json(http, aloft_err_name(err));
    aloft_webui_put(http, ",\"message\":");
    aloft_webui_put_json(http, aloft_err_sentence(err));
    aloft_webui_put(http, "}\n");
}

void aloft_web_answer_outcome(struct aloft_web *web, uint32_t status, enum aloft_err err,
                              uint32_t now_ms)
{
    struct aloft_webui *http = &web->http;
    bool own = web->dialect == ALOFT_WEB_OWN;
    bool plain = web->dialect == ALOFT_WEB_PLAIN;
    status = status != 0 ? status : status_of(err);
    aloft_webui_reply(http, own ? status : 200,
                      own     ? JSON
                      : plain ? "text/plain"
                              : "text/html",
                      false);
    if (err != ALOFT_OK) {
        put_fault(web, err, now_ms);
    }
    aloft_webui_body(http);
    if (own) {
        put_outcome(web, err);
    } else if (plain) {
        aloft_webui_put(http, err == ALOFT_OK ? "OK" : "FAIL");
    } else if (err == ALOFT_OK) {
        aloft_webui_put(http, "<META http-equiv=\"refresh\" content=\"15;URL=/\">"
                              "Update Success! Rebooting...");
    } else {
        aloft_webui_put(http, "Update error: ");
        aloft_webui_put(http, aloft_err_sentence(err));
    }
    aloft_webui_end(http, NULL, 0);
}

void aloft_web_answer_page(struct aloft_web *web)
{
    struct aloft_webui *http = &web->http;
    aloft_webui_reply(http, 200, "text/html; charset=utf-8", false);
    aloft_webui_put(http,
                    "Content-Encoding: gzip\r\nX-Frame-Options: DENY\r\n"
                    "Content-Security-Policy: default-src 'none'; connect-src 'self'; "
                    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\r\n");
    aloft_webui_body(http);
    aloft_webui_end(http, web->config.page, web->config.page_len);
}

static void put_key(struct aloft_webui *http, const char *key, const char *value)
{
    aloft_webui_put(http, key);
    aloft_webui_put_json(http, value);
}

static void put_count(struct aloft_webui *http, const char *key, uint32_t value)
{
    aloft_webui_put(http, key);
    aloft_webui_put_number(http, value);
}

static void put_bool(struct aloft_webui *http, const char *key, bool value)
{
    aloft_webui_put(http, key);
    aloft_webui_put(http, value ? "true" : "false");
}

static void put_update(struct aloft_web *web)
{
    struct aloft_webui *http = &web->http;
    const struct aloft_intake *intake = web->config.intake;
    put_bool(http, ",\"update\":{\"busy\":", intake->holder != NULL);
    put_count(http, ",\"received\":", intake->holder != NULL ? intake->taken : 0);
    put_key(http, ",\"last_error\":", intake->err != ALOFT_OK ? aloft_err_name(intake->err) : "");
    aloft_webui_put(http, "}");
}

static void put_records(struct aloft_web *web)
{
    struct aloft_webui *http = &web->http;
    struct aloft_otadata records[2];
    aloft_webui_put(http, ",\"otadata\":[");
    if (aloft_bootsel_read(web->config.slots, records) == ALOFT_OK) {
        for (uint32_t i = 0; i < 2; i++) {
            aloft_webui_put(http, i > 0 ? "," : "");
            if (!aloft_otadata_sound(&records[i])) {
                aloft_webui_put(http, "null");
                continue;
            }
            put_count(http, "{\"seq\":", records[i].seq);
            put_key(http, ",\"state\":", aloft_ota_state_name(records[i].state));
            aloft_webui_put(http, "}");
        }
    }
    aloft_webui_put(http, "]");
}

static void put_image(struct aloft_web *web, int slot)
{
    struct aloft_webui *http = &web->http;
    struct aloft_image_facts facts;
    bool image = aloft_control_image(web->config.slots, slot, &facts);
    bool described = image && facts.has_desc;
    put_bool(http, ",\"image\":", image);
    put_key(http, ",\"project\":", described ? facts.project : "");
    put_key(http, ",\"version\":", described ? facts.version : "");
}

static void put_slot(struct aloft_web *web, int slot)
{
    struct aloft_webui *http = &web->http;
    const struct aloft_slots *slots = web->config.slots;
    struct aloft_otadata records[2];
    char name[ALOFT_SLOT_NAME];
    uint32_t state = 0;
    bool read = aloft_bootsel_read(slots, records) == ALOFT_OK;
    bool stated = read && aloft_bootsel_state(slots, records, slot, &state);
    bool selected = read && aloft_bootsel_boot_slot(slots, records) == slot;
    aloft_slot_name(slot, name);
    put_key(http, "{\"name\":", name);
    put_count(http, ",\"address\":", aloft_slots_extent(slots, slot).addr);
    put_count(http, ",\"size\":", aloft_slots_extent(slots, slot).len);
    put_bool(http, ",\"running\":", slot == web->config.running);
    put_bool(http, ",\"selected\":", selected);
    put_key(http, ",\"state\":", stated ? aloft_ota_state_name(state) : "");
    put_image(web, slot);
    aloft_webui_put(http, "}");
}

// The next slot after this one that the table has.
static int next_slot(const struct aloft_web *web, int slot)
{
    do {
        slot++;
    } while (slot < PIECES_END && aloft_slots_extent(web->config.slots, slot).len == 0);
    return slot;
}

void aloft_web_answer_status(struct aloft_web *web, uint32_t now_ms)
{
    struct aloft_webui *http = &web->http;
    const struct aloft_image_facts *current = web->config.current;
    char running[ALOFT_SLOT_NAME];
    aloft_slot_name(web->config.running, running);
    // Sixteen slots do not fit in text, so the answer comes in pieces, and its length is not known.
    aloft_webui_reply(http, 200, JSON, true);
    aloft_webui_body(http);
    put_key(http, "{\"device\":", web->config.device_id);
    put_key(http, ",\"project\":", current != NULL ? current->project : "");
    put_key(http, ",\"version\":", current != NULL ? current->version : "");
    put_key(http, ",\"running\":", running);
    put_key(http, ",\"reset_reason\":", web->config.reset_reason);
    put_count(http, ",\"uptime_s\":", now_ms / MS_PER_S);
    put_update(web);
    put_records(web);
    aloft_webui_put(http, ",\"slots\":[");
    aloft_webui_end(http, NULL, 0);
    web->piece = next_slot(web, ALOFT_SLOT_TEST - 1);
    web->streaming = http->method != ALOFT_WEBUI_HEAD;
}

void aloft_web_answer_piece(struct aloft_web *web)
{
    struct aloft_webui *http = &web->http;
    aloft_webui_again(http);
    if (web->piece >= PIECES_END) {
        aloft_webui_put(http, "]}\n");
        web->streaming = false;
        return;
    }
    put_slot(web, web->piece);
    web->piece = next_slot(web, web->piece);
    aloft_webui_put(http, web->piece < PIECES_END ? "," : "");
}
