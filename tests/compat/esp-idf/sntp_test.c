// SNTP against a server that tells the truth, lies, or is silent.
#include "check.h"
#include "esp_netif_sntp.h"
#include "esp_sntp.h"
#include "tests/compat/esp-idf/idf_world.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 48, ASK_MS = 200, LONG_MS = 5000 };

#define UNIX_EPOCH 2208988800u
#define THEN       1893456000 // 2030-01-01

static int server = -1;
static _Atomic int lies; // how many answers are invalid
static _Atomic int asked;
static _Atomic long told;

static void *serve(void *unused)
{
    uint8_t packet[PACKET];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    (void)unused;
    while (recvfrom(server, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) == PACKET) {
        uint32_t seconds = htonl(THEN + UNIX_EPOCH);
        asked++;
        CHECK_EQ(packet[0], 0x23);
        memcpy(packet + 24, packet + 40, 8);
        packet[0] = 0x24;
        packet[1] = 2;
        memcpy(packet + 40, &seconds, sizeof seconds);
        memset(packet + 44, 0, 4);
        packet[44] = 0x80; // half a second
        uint8_t bad[PACKET];
        memcpy(bad, packet, sizeof bad);
        // Answers another request; is not synchronized; is a kiss-o'-death.
        bad[lies == 1 ? 24 : lies == 2 ? 0 : 1] ^= lies == 3 ? 2 : 0xC0;
        if (lies > 0) {
            (void)sendto(server, bad, sizeof bad, 0, (struct sockaddr *)&from, size);
            (void)sendto(server, packet, PACKET - 1, 0, (struct sockaddr *)&from, size);
        } else {
            (void)sendto(server, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
        }
    }
    return NULL;
}

static void on_time(struct timeval *tv)
{
    CHECK_EQ(tv->tv_usec, 500000);
    told = (long)tv->tv_sec;
}

static void begin(void)
{
    static pthread_t thread;
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    world_begin(0);
    lies = 0;
    asked = 0;
    told = 0;
    if (server < 0) {
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        server = socket(AF_INET, SOCK_DGRAM, 0);
        CHECK_EQ(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
        CHECK_EQ(getsockname(server, (struct sockaddr *)&at, &size), 0);
        (void)snprintf(world.route, sizeof world.route, "pool.example:123=127.0.0.1:%u",
                       ntohs(at.sin_port));
        CHECK_EQ(pthread_create(&thread, NULL, serve, NULL), 0);
    }
}

static esp_sntp_config_t config(void)
{
    esp_sntp_config_t made = ESP_NETIF_SNTP_DEFAULT_CONFIG("pool.example");
    made.sync_cb = on_time;
    return made;
}

static void the_servers_time_is_told_and_the_clock_stays(void)
{
    const esp_sntp_config_t sntp = config();
    unsigned reached = 0;
    begin();
    time_t before = time(NULL);
    CHECK_EQ(esp_netif_sntp_sync_wait(1), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_netif_sntp_init(&sntp), ESP_OK);
    CHECK_EQ(esp_netif_sntp_init(&sntp), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_netif_sntp_sync_wait(pdMS_TO_TICKS(LONG_MS)), ESP_OK);
    CHECK(told == THEN || esp_netif_sntp_sync_wait(1) == ESP_ERR_TIMEOUT);
    CHECK_EQ(sntp_get_sync_status(), SNTP_SYNC_STATUS_COMPLETED);
    CHECK_EQ(sntp_get_sync_status(), SNTP_SYNC_STATUS_RESET);
    CHECK_EQ(esp_netif_sntp_reachability(0, &reached), ESP_OK);
    CHECK(world_said("the board's clock is the host's"));
    CHECK(time(NULL) - before < 60);
    const struct timeval set = {.tv_sec = THEN};
    CHECK_EQ(settimeofday(&set, NULL), -1);
    CHECK(time(NULL) - before < 60);
    esp_netif_sntp_deinit();
    CHECK(!esp_sntp_enabled());
}

static void an_invalid_answer_sets_nothing(void)
{
    for (int lie = 1; lie <= 3; lie++) {
        const esp_sntp_config_t sntp = config();
        begin();
        lies = lie;
        CHECK_EQ(esp_netif_sntp_init(&sntp), ESP_OK);
        CHECK_EQ(esp_netif_sntp_sync_wait(pdMS_TO_TICKS(ASK_MS)), ESP_ERR_TIMEOUT);
        CHECK_EQ(asked, 1);
        CHECK_EQ(told, 0);
        esp_netif_sntp_deinit();
    }
}

static void what_the_board_cannot_do_is_refused(void)
{
    esp_sntp_config_t sntp = config();
    begin();
    sntp.server_from_dhcp = true;
    CHECK_EQ(esp_netif_sntp_init(&sntp), ESP_ERR_INVALID_ARG);
    CHECK(world_said("is not from DHCP"));
    esp_sntp_setoperatingmode(ESP_SNTP_OPMODE_LISTENONLY);
    esp_sntp_init();
    CHECK(!esp_sntp_enabled() && world_said("hears no broadcasts"));
    esp_sntp_setoperatingmode(ESP_SNTP_OPMODE_POLL);
    sntp_set_sync_interval(1);
    CHECK(sntp_get_sync_interval() == 15000);
}

CHECK_MAIN(TEST(the_servers_time_is_told_and_the_clock_stays), TEST(an_invalid_answer_sets_nothing),
           TEST(what_the_board_cannot_do_is_refused))
