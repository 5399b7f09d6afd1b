// The app of the OTA chapter: it joins the Wi-Fi, fetches an image over HTTP(S) into its spare
// slot, selects it and restarts. Whatever fails, it says why in one line, goes on running and tries
// again later. A new ota_demo confirms itself when a server has answered it, or without a pull,
// when it can be pushed to: an app that can be updated again is a good app.
//
// Settings, as menuconfig names them, with defaults from the build:
//   wifi_ssid, wifi_password
//   server, port, file   where the image is;     url  replaces these three
//   httpupdate           "on": ask as Arduino's HTTPUpdate does, with httpupdate_user and
//                        httpupdate_password if the server wants them (arduino.h)
//   ca, pin, pin_revoked     whom to trust when url is https: certificates in PEM; keys by hash. An
//                            NVS value of the same name comes first. See docs/HTTPS.md
//   clock    "none": judge dates of certificates by the image's build time, as a chip without one
//   retry_s              seconds to the second try; doubles up to 60
//   rate_min, rate_window_s  a server must send so many bytes a second (1024) over each so many
//                            seconds (30), or the connection is given up and tried again
//   check_s              seconds to the next check when the server has nothing new (60)
//   trial_s              seconds in which a new app must have confirmed itself (300)
//   listen   address on which push and web listen (127.0.0.1)
//   downgrade  "no": refuse what is older than this app      project  "same": refuse another
//              project; on all ways. By default both are taken, and nothing in a file changes that
//   encrypted  "required": take only encrypted images; those that the device has a key for
//              (`aloft secret set FLASH key`) are taken in any case
//   pull     "off": take only what is pushed or uploaded (ways.h)
//   confirm  "never": stay on trial      crash  "start": crash at once      hang  "start"
#include "arduino.h"
#include "ports/port.h"
#include "ways.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef OTA_DEMO_SERVER
#error                                                                                             \
    "The build sets OTA_DEMO_SERVER and the other defaults of the settings; see apps/CMakeLists.txt"
#endif

#define TAG         "ota"
#define WIFI_MS     10000u
#define SHUTDOWN_MS 5000u
#define RETRY_S_MAX 60u
#define MS_PER_S    1000u
#define TRIES       8u // in a row without progress, before the pull gives up
#define TOTAL_MS    (30u * 60u * MS_PER_S)
#define URL_MAX     4096u // bytes; presigned links and those that redirects lead to are long

struct demo {
    struct aloft_port *port;
    struct aloft_pull pull;
    struct aloft_policy policy; // of all ways
    struct ways ways;
    struct aloft_httpupdate httpupdate;
    const struct aloft_http_filter *filter; // NULL: none
    char urls[ALOFT_PULL_URLS(URL_MAX)];    // while one is fetched
    char url[URL_MAX + 2]; // one more than allowed, so that too long a URL is noticed
    char server[256];      // of the last connection, for messages
    unsigned server_port;
    uint32_t rate;     // bytes a second
    uint32_t trial_ms; // when a new app must have confirmed itself; 0: it is not on trial
    bool confirmed;
};

#define LOG(demo, level, ...) aloft_port_log((demo)->port, level, TAG, __VA_ARGS__)

static bool setting_is(const struct demo *demo, const char *key, const char *value)
{
    return strcmp(aloft_port_setting(demo->port, key, ""), value) == 0;
}

static void misbehave(const struct demo *demo)
{
    if (setting_is(demo, "crash", "start")) {
        __builtin_trap();
    }
    if (setting_is(demo, "hang", "start")) {
        volatile bool forever = true;
        while (forever) {
        }
    }
}

static int subtype_of(int slot)
{
    return slot >= 0                 ? ALOFT_APP_OTA_0 + slot
           : slot == ALOFT_SLOT_TEST ? ALOFT_APP_TEST
                                     : ALOFT_APP_FACTORY;
}

static void report_slots(const struct demo *demo)
{
    const struct aloft_slots *slots = aloft_port_slots(demo->port);
    int running = aloft_port_running(demo->port);
    unsigned running_addr = aloft_slots_extent(slots, running).addr;
    struct aloft_otadata records[2];
    if (aloft_bootsel_read(slots, records) == ALOFT_OK) {
        int configured = aloft_bootsel_boot_slot(slots, records);
        if (configured != running) {
            LOG(demo, 'W',
                "Configured OTA boot partition at offset 0x%08x, but running from offset 0x%08x",
                (unsigned)aloft_slots_extent(slots, configured).addr, running_addr);
            LOG(demo, 'W',
                "(This can happen if either the OTA boot data or preferred boot image "
                "become corrupted somehow.)");
        }
    }
    LOG(demo, 'I', "Running partition type %d subtype %d (offset 0x%08x)", ALOFT_TYPE_APP,
        subtype_of(running), running_addr);
}

// A server has answered, so this app can be replaced if it should be bad: it may stay.
static void confirm(struct demo *demo)
{
    int running = aloft_port_running(demo->port);
    char slot[ALOFT_SLOT_NAME];
    struct aloft_bootsel op;
    if (demo->confirmed || running < 0 || setting_is(demo, "confirm", "never")) {
        return;
    }
    aloft_slot_name(running, slot);
    aloft_bootsel_confirm(&op, aloft_port_slots(demo->port), running);
    enum aloft_err err = aloft_port_run_bootsel(demo->port, &op);
    demo->confirmed = err == ALOFT_OK;
    if (err == ALOFT_OK) {
        LOG(demo, 'I', "Confirmed: %s stays", slot);
    } else {
        LOG(demo, 'E', "%s cannot be confirmed: %s: %s", slot, aloft_err_name(err),
            aloft_err_sentence(err));
    }
}

static void on_connection(struct demo *demo, const struct aloft_event *event)
{
    switch (event->kind) {
    case ALOFT_EVENT_CONNECTING:
        (void)snprintf(demo->server, sizeof demo->server, "%.*s",
                       (int)(event->text_len != 0 ? event->text_len : sizeof demo->server - 1),
                       event->text);
        demo->server_port = event->value;
        LOG(demo, 'I', "Server IP: %s Server Port:%u", demo->server, demo->server_port);
        break;
    case ALOFT_EVENT_CONNECTED:
        LOG(demo, 'I', "Connected to server");
        LOG(demo, 'I', "Connected to http server");
        break;
    case ALOFT_EVENT_REQUESTED:
        LOG(demo, 'I', "Send GET request to server succeeded");
        break;
    case ALOFT_EVENT_RESPONSE:
        LOG(demo, 'I', "Server answered %u, %u bytes", (unsigned)event->value,
            (unsigned)event->total);
        confirm(demo);
        break;
    case ALOFT_EVENT_REDIRECTED:
        LOG(demo, 'I', "Redirected to %s", event->text);
        break;
    default:
        break;
    }
}

static void on_image(struct demo *demo, const struct aloft_event *event)
{
    char slot[ALOFT_SLOT_NAME];
    switch (event->kind) {
    case ALOFT_EVENT_BEGUN:
        LOG(demo, 'I', "Writing to partition subtype %d at offset 0x%x",
            subtype_of((int)event->value), (unsigned)event->total);
        LOG(demo, 'I', "esp_ota_begin succeeded");
        break;
    case ALOFT_EVENT_IMAGE:
        LOG(demo, 'I', "esp_ota_write header OK");
        LOG(demo, 'I', "New firmware version: %s", event->text);
        break;
    case ALOFT_EVENT_PROGRESS:
        demo->rate = event->rate;
        LOG(demo, 'I', "Have written image length %u", (unsigned)event->value);
        break;
    case ALOFT_EVENT_RECEIVED:
        LOG(demo, 'I', "Connection closed, all packets received");
        LOG(demo, 'I', "Total Write binary data length : %u (%u bytes/s)", (unsigned)event->value,
            (unsigned)demo->rate);
        break;
    case ALOFT_EVENT_VERIFIED:
        LOG(demo, 'I', "esp_ota_end succeeded: %u bytes in flash are whole and good",
            (unsigned)event->value);
        break;
    case ALOFT_EVENT_SELECTED:
        aloft_slot_name((int)event->value, slot);
        LOG(demo, 'I', "otadata switched: %s boots next", slot);
        break;
    default:
        break;
    }
}

// One line: what happened, to what, and what can be done about it.
static void explain(const struct demo *demo, enum aloft_err err)
{
    const struct aloft_pull *pull = &demo->pull;
    const struct aloft_image_facts *facts = aloft_port_running_facts(demo->port);
    const char *name = aloft_err_name(err);
    const char *sentence = aloft_err_sentence(err);
    if (err == ALOFT_ERR_SAME_VERSION || err == ALOFT_ERR_HTTP_NOT_MODIFIED) {
        LOG(demo, 'I', "No update: %s: %s (%s %s)", name, sentence, facts->project, facts->version);
    } else if (err == ALOFT_ERR_NET_REFUSED || err == ALOFT_ERR_NET_CONNECT_TIMEOUT ||
               err == ALOFT_ERR_NET_UNREACHABLE || err == ALOFT_ERR_NET_DNS) {
        LOG(demo, 'E',
            "Update failed: %s: %s: host %s, port %u. Does the server run there, and does its "
            "firewall let port %u in?",
            name, sentence, demo->server, demo->server_port, demo->server_port);
    } else if (pull->about == NULL) {
        LOG(demo, 'E', "Update failed: %s: %s", name, sentence);
    } else if (err == ALOFT_ERR_URL_SYNTAX || err == ALOFT_ERR_URL_SCHEME) {
        LOG(demo, 'E', "Update failed: %s: %s: %s, at character %u (\"%.20s\")%s", name, sentence,
            pull->about, (unsigned)pull->about_at + 1, pull->about + pull->about_at,
            pull->redirects > 0 ? "; the server redirected to it" : "");
    } else {
        LOG(demo, 'E', "Update failed: %s: %s: %s", name, sentence, pull->about);
    }
}

static void on_retry(const struct demo *demo, const struct aloft_event *event)
{
    char slot[ALOFT_SLOT_NAME];
    if (event->kind == ALOFT_EVENT_RETRYING) {
        aloft_slot_name(aloft_port_running(demo->port), slot);
        explain(demo, event->err);
        LOG(demo, 'I', "The app goes on running from %s; next try in %u ms", slot,
            (unsigned)event->value);
    }
}

static void on_resume(const struct demo *demo, const struct aloft_event *event)
{
    switch (event->kind) {
    case ALOFT_EVENT_RESUMED:
        LOG(demo, 'I', "Going on at byte %u of %u", (unsigned)event->value, (unsigned)event->total);
        break;
    case ALOFT_EVENT_UNRESUMABLE:
        LOG(demo, 'W', "The slot has no room for notes: a reset means starting again");
        break;
    default:
        break;
    }
}

static void on_push(struct demo *demo, const struct aloft_event *event)
{
    switch (event->kind) {
    case ALOFT_EVENT_INVITED:
        LOG(demo, 'I', "Push from %s: %u bytes", event->text, (unsigned)event->value);
        break;
    case ALOFT_EVENT_REFUSED:
        if (event->text == NULL && event->err != ALOFT_ERR_PUSH_TIMEOUT) { // the port said why
            LOG(demo, 'W', "Push has no port now; it is tried again");
            break;
        }
        LOG(demo, 'W', "Push from %s refused: %s: %s", event->text != NULL ? event->text : "a host",
            aloft_err_name(event->err), aloft_err_sentence(event->err));
        if (event->value > 0) {
            LOG(demo, 'W', "%u refused before it were not told", (unsigned)event->value);
        }
        break;
    case ALOFT_EVENT_FAILED:
        LOG(demo, 'E', "Update failed: %s: %s", aloft_err_name(event->err),
            aloft_err_sentence(event->err));
        break;
    default:
        break;
    }
}

// Events of images, on all ways, and of push and page.
static void on_intake(void *ctx, const struct aloft_event *event)
{
    on_push(ctx, event);
    on_image(ctx, event);
    on_resume(ctx, event);
}

// Events of the pull: connections, progress, tries. Its failure is logged where it was started.
static void on_pull(void *ctx, const struct aloft_event *event)
{
    on_connection(ctx, event);
    on_image(ctx, event); // its progress
    on_retry(ctx, event);
}

// The URL of the image.
static const char *image_url(struct demo *demo)
{
    const char *url = aloft_port_setting(demo->port, "url", "");
    const char *server = aloft_port_setting(demo->port, "server", OTA_DEMO_SERVER);
    const char *file = aloft_port_setting(demo->port, "file", OTA_DEMO_FILE);
    if (url[0] != 0) {
        return url;
    }
    bool brackets = strchr(server, ':') != NULL; // an IPv6 address
    (void)snprintf(demo->url, sizeof demo->url, "http://%s%s%s:%s%s%s", brackets ? "[" : "", server,
                   brackets ? "]" : "", aloft_port_setting(demo->port, "port", OTA_DEMO_PORT),
                   file[0] == '/' ? "" : "/", file);
    return demo->url;
}

static uint32_t number(const struct demo *demo, const char *key, const char *fallback)
{
    return (uint32_t)strtoul(aloft_port_setting(demo->port, key, fallback), NULL, 10);
}

static uint32_t retry_s(const struct demo *demo)
{
    uint32_t s = number(demo, "retry_s", OTA_DEMO_RETRY_S);
    return s == 0 ? 1 : s < RETRY_S_MAX ? s : RETRY_S_MAX;
}

static uint32_t check_s(const struct demo *demo)
{
    uint32_t s = number(demo, "check_s", "60");
    return s == 0 ? 1 : s;
}

static bool is_pending(const struct demo *demo)
{
    const struct aloft_slots *slots = aloft_port_slots(demo->port);
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_UNDEFINED;
    return aloft_bootsel_read(slots, records) == ALOFT_OK &&
           aloft_bootsel_state(slots, records, aloft_port_running(demo->port), &state) &&
           state == ALOFT_OTA_PENDING;
}

// Asks flash, too, because page, `aloft control` and console can confirm the app.
static bool is_on_trial(const struct demo *demo)
{
    return demo->trial_ms != 0 && !demo->confirmed && is_pending(demo);
}

// How long one pull may take: for an app on trial, what is left of the trial.
static uint32_t time_left(const struct demo *demo)
{
    uint32_t now = aloft_port_now_ms(demo->port);
    if (!is_on_trial(demo)) {
        return TOTAL_MS;
    }
    return now < demo->trial_ms ? demo->trial_ms - now : 1;
}

// Restarts a new app that could not confirm itself in time: the next boot rolls back.
static void end_trial(const struct demo *demo)
{
    if (aloft_port_now_ms(demo->port) < demo->trial_ms || !is_on_trial(demo)) {
        return;
    }
    LOG(demo, 'E', "Not confirmed within the trial; going back to the app before");
    aloft_port_restart(demo->port, SHUTDOWN_MS);
}

static void begin_trial(struct demo *demo)
{
    if (is_pending(demo)) {
        demo->trial_ms = number(demo, "trial_s", "300") * MS_PER_S;
    }
}

static enum aloft_err update(struct demo *demo)
{
    struct aloft_port *port = demo->port;
    const struct aloft_pull_config config = {
        .intake = &demo->ways.intake,
        .current = aloft_port_running_facts(port),
        .events = {on_pull, demo},
        .filter = demo->filter,
        .check = demo->filter != NULL ? &demo->httpupdate.check : NULL,
        .urls = demo->urls,
        .urls_len = sizeof demo->urls,
        .total_timeout_ms = time_left(demo),
        .rate_min = number(demo, "rate_min", "0"),
        .rate_window_s = number(demo, "rate_window_s", "0"),
        .retries = TRIES,
        .backoff_ms = retry_s(demo) * MS_PER_S,
        .seed = aloft_port_now_ms(port) + 1,
    };
    aloft_pull_init(&demo->pull, &config);
    enum aloft_err err = aloft_pull_start(&demo->pull, image_url(demo), aloft_port_now_ms(port));
    err = err == ALOFT_OK ? aloft_port_run(port, &demo->pull) : err;
    if (err == ALOFT_ERR_ON_TRIAL) {
        demo->confirmed = false; // its record has rotted since: the next answer confirms it again
    }
    return err;
}

// Faults that the next try would meet again, until a person changes something.
static bool is_hopeless(enum aloft_err err)
{
    switch (err) {
    case ALOFT_ERR_SAME_VERSION:
    case ALOFT_ERR_IMAGE_OLDER:
    case ALOFT_ERR_NO_OTA_SLOT:
    case ALOFT_ERR_NO_OTADATA:
    case ALOFT_ERR_OTADATA_SIZE:
    case ALOFT_ERR_URL_SYNTAX:
    case ALOFT_ERR_URL_SCHEME:
    case ALOFT_ERR_URL_TOO_LONG:
    case ALOFT_ERR_TLS_NO_TRUST:
        return true;
    default:
        return false;
    }
}

static void on_shutdown(void *ctx)
{
    const struct demo *demo = ctx;
    LOG(demo, 'I', "Shutting down: connections are closed, nothing is left to save");
}

// Waits; the command check ends the wait.
static void wait(struct demo *demo, uint32_t s)
{
    while (s-- > 0 && !demo->ways.check) {
        aloft_port_delay_ms(demo->port, MS_PER_S);
    }
}

// With pull off it looks for an update only at the command check, and once.
static bool pulls(const struct demo *demo)
{
    return !setting_is(demo, "pull", "off");
}

// Tries until the update is done, or a new try cannot succeed. True: restart. The pull itself
// retries faults that may pass; those that it returns need a change elsewhere.
static bool update_until_done(struct demo *demo)
{
    char slot[ALOFT_SLOT_NAME];
    uint32_t wait_s = retry_s(demo);
    aloft_slot_name(aloft_port_running(demo->port), slot);
    for (;;) {
        demo->ways.check = false;
        enum aloft_err err = update(demo);
        if (err == ALOFT_OK) {
            return true;
        }
        explain(demo, err);
        if (is_hopeless(err) || !pulls(demo)) {
            LOG(demo, 'I', "The app goes on running from %s; no more tries", slot);
            return false;
        }
        end_trial(demo);
        if (err == ALOFT_ERR_HTTP_NOT_MODIFIED) { // all is well, and may change later
            wait_s = check_s(demo);
        }
        LOG(demo, 'I', "The app goes on running from %s; next try in %u s", slot, (unsigned)wait_s);
        wait(demo, wait_s);
        wait_s = err == ALOFT_ERR_HTTP_NOT_MODIFIED ? retry_s(demo)
                 : wait_s < RETRY_S_MAX / 2         ? wait_s * 2
                                                    : RETRY_S_MAX;
    }
}

static void join_wifi(const struct demo *demo)
{
    const char *ssid = aloft_port_setting(demo->port, "wifi_ssid", OTA_DEMO_WIFI_SSID);
    const char *password = aloft_port_setting(demo->port, "wifi_password", OTA_DEMO_WIFI_PASSWORD);
    while (!aloft_port_wifi(demo->port, ssid, password, WIFI_MS)) {
        LOG(demo, 'E',
            "No connection to Wi-Fi %s within %u s; check wifi_ssid and wifi_password. "
            "Trying again",
            ssid, WIFI_MS / MS_PER_S);
    }
    LOG(demo, 'I', "Connect to Wifi ! Start to Connect to Server....");
}

void aloft_app_main(struct aloft_port *port)
{
    static struct demo demo; // the port serves its ways as long as the app runs
    const struct aloft_events events = {on_intake, &demo};
    demo.port = port;
    demo.policy = (struct aloft_policy){.current = aloft_port_running_facts(port),
                                        .no_downgrade = setting_is(&demo, "downgrade", "no"),
                                        .same_project = setting_is(&demo, "project", "same"),
                                        .judge = aloft_policy_judge};
    misbehave(&demo);
    LOG(&demo, 'I', "Starting OTA example...");
    report_slots(&demo);
    begin_trial(&demo);
    enum aloft_err err = aloft_port_on_shutdown(port, on_shutdown, &demo);
    ALOFT_ASSERT(err == ALOFT_OK); // the first of eight
    join_wifi(&demo);
    demo.filter = arduino_start(&demo.httpupdate, port, image_url(&demo));
    bool reachable = ways_start(&demo.ways, port, &demo.policy, &events);
    demo.ways.check = pulls(&demo);
    if (reachable && !demo.ways.check) {
        confirm(&demo); // it can be updated again, which is what a server's answer shows else
    }
    for (;;) {
        if (demo.ways.check && update_until_done(&demo)) {
            LOG(&demo, 'I', "Prepare to restart system!");
            aloft_port_restart(port, SHUTDOWN_MS);
        }
        wait(&demo, 1);
        end_trial(&demo);
    }
}
