// esp_https_ota against servers that are slow, loud or silent, under the test's clock: an update
// ends in its time, whatever they do, and changes nothing.
#include "check.h"
#include "compat/esp-idf/host/host.h"
#include "esp_http_client.h"
#include "esp_https_ota.h"
#include "esp_ota_ops.h"
#include "peer.h"
#include "tests/compat/esp-idf/idf_world.h"

#define BYTES(text) (text), sizeof(text) - 1
#define OK_HEAD     "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"

enum { TIMEOUT_MS = 5000, END_MS = 45000 };

// With the first the client looped for ever, the second was waited for without a limit.
static const struct peer_script servers[] = {
    {.first = BYTES("HTTP/1.1 204 No Content\r\nContent-Length: 5000\r\n\r\n")},
    {.first = BYTES(OK_HEAD)},
    {.first = BYTES("HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n")},
    {.first = ""},
    {.deaf = true},
    {.more = BYTES("H"), .every_ms = 4000},
    {.first = BYTES("HTTP/1.1 200 OK\r\n"), .more = BYTES("X: y\r\n"), .every_ms = 1000},
    {.first = BYTES("HTTP/1.1 200 OK\r\n"), .more = BYTES("X: y\r\n")},
    {.first = BYTES("HTTP/1.1 200 OK\r\nX: "), .more = BYTES("y")},
    {.first = BYTES("HTTP/1.1 200 OK\r\n\r\n")},
    {.more = BYTES("HTTP/1.1 100 Continue\r\n\r\n")},
    {.more = BYTES("HTTP/1.1 100 Continue\r\n\r\n"), .every_ms = 200},
    {.first = BYTES(OK_HEAD), .more = BYTES("\xe9"), .every_ms = 4900},
    {.first = BYTES(OK_HEAD "\xe9"), .more = BYTES("\0"), .every_ms = 100},
    {.first = BYTES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
     .more = BYTES("1;"),
     .every_ms = 1000},
    {.first = BYTES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .more = BYTES("1;")},
    {.more = BYTES("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                   "Content-Length: 0\r\n\r\n")},
    {.more = BYTES("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")},
    {.first = BYTES("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"),
     .more = BYTES("rest"),
     .every_ms = 1000},
    {.more = BYTES("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                   "Content-Length: 0\r\n\r\n")},
    {.first = BYTES(OK_HEAD), .ends = true},
    {.first = BYTES(OK_HEAD), .more = BYTES("no image, but much of it"), .sip_ms = 100},
};

static void an_update_ends_in_time_whatever_the_server_does(void)
{
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const struct peers peers = {.tcp = &servers[i]};
        world_begin(ALOFT_SLOT_FACTORY);
        const esp_partition_t *before = esp_ota_get_boot_partition();
        const esp_http_client_config_t http = {.url = "http://127.0.0.1:1/app.bin",
                                               .timeout_ms = TIMEOUT_MS};
        const esp_https_ota_config_t config = {.http_config = &http};
        aloft_idf_config.allow_http = true;
        peers_begin(&peers);
        esp_err_t err = esp_https_ota(&config);
        check_note("server %ld, %ld ms", (long)i, (long)peers_ms());
        CHECK(err != ESP_OK);
        CHECK(peers_ms() <= END_MS);
        peers_end();
        CHECK(esp_ota_get_boot_partition() == before);
    }
}

static void a_request_ends_in_time_whatever_the_server_does(void)
{
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const struct peers peers = {.tcp = &servers[i]};
        const esp_http_client_config_t http = {.url = "http://127.0.0.1:1/x",
                                               .timeout_ms = TIMEOUT_MS};
        char body[1000];
        world_begin(ALOFT_SLOT_FACTORY);
        peers_begin(&peers);
        esp_http_client_handle_t client = esp_http_client_init(&http);
        if (esp_http_client_open(client, 0) == ESP_OK) {
            uint64_t now = peers_ms();
            int64_t length = esp_http_client_fetch_headers(client);
            check_note("server %ld, %ld ms", (long)i, (long)(peers_ms() - now));
            CHECK(peers_ms() - now <= TIMEOUT_MS + 50);
            now = peers_ms();
            if (length >= 0) {
                (void)esp_http_client_read(client, body, sizeof body);
            }
            CHECK(peers_ms() - now <= TIMEOUT_MS + 50);
        }
        CHECK(esp_http_client_cleanup(client) == ESP_OK);
        peers_end();
    }
}

CHECK_MAIN(TEST(an_update_ends_in_time_whatever_the_server_does),
           TEST(a_request_ends_in_time_whatever_the_server_does))
