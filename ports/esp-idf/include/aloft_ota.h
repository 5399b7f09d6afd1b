// Aloft for ESP-IDF: over-the-air updates that survive a power cut at any moment, go on where they
// stopped, and remember releases that failed.
//
//   aloft_ota_config_t config = ALOFT_OTA_CONFIG_DEFAULT();
//   config.url = "https://updates.example.com/lamp.bin";
//   aloft_ota_handle_t ota;
//   ESP_ERROR_CHECK(aloft_ota_start(&config, &ota));
//   ...                                      // the app's own self-test
//   ESP_ERROR_CHECK(aloft_ota_confirm(ota)); // else the next start rolls back
//
// One task of its own (stack and priority: Kconfig) runs every way in (server, push, page); it
// waits on sockets and deadlines, and feeds the task watchdog. Every function may be called from
// any task, and copies what it is given. The veto runs in Aloft's task, from which only
// aloft_ota_status may be called. nvs_flash_init, esp_netif_init and the network are the app's,
// before aloft_ota_start, and so is esp_event_loop_create_default, if it wants events. There is one
// Aloft in an app.
//
// After a power cut at any moment one whole, judged app boots: the old one until
// ALOFT_OTA_EVENT_SELECTED, from then on the new one; it is on trial with
// CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, and stays at once without.
#ifndef ALOFT_OTA_H
#define ALOFT_OTA_H

#include <esp_err.h>
#include <esp_event.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aloft_ota *aloft_ota_handle_t;

// An error of Aloft as esp_err_t, and back: err is an enum aloft_err (aloft/err.h), below 0.
// ESP-IDF's own codes are used where they say the same: ESP_ERR_NO_MEM, ESP_ERR_INVALID_ARG,
// ESP_ERR_INVALID_STATE, ESP_ERR_TIMEOUT.
#define ALOFT_OTA_ERR_BASE       0x1A000
#define ALOFT_OTA_ERR(err)       (ALOFT_OTA_ERR_BASE - (err))
#define ALOFT_OTA_ERR_TO(result) (ALOFT_OTA_ERR_BASE - (result))

// Events in the default loop. Each carries the struct that is named, by value.
ESP_EVENT_DECLARE_BASE(ALOFT_OTA_EVENT);
typedef enum {
    ALOFT_OTA_EVENT_ANSWERED,   // a server has answered, so this app can be updated: no data
    ALOFT_OTA_EVENT_STARTED,    // an image begins to come: aloft_ota_status_t
    ALOFT_OTA_EVENT_PROGRESS,   // at most four times a second: aloft_ota_status_t
    ALOFT_OTA_EVENT_UP_TO_DATE, // the server has nothing newer: no data
    ALOFT_OTA_EVENT_FAILED, // this try is over; the running app is what it was: aloft_ota_status_t
    ALOFT_OTA_EVENT_SELECTED,  // the new image is whole, good and selected; a restart follows
    ALOFT_OTA_EVENT_CONFIRMED, // the running app stays
} aloft_ota_event_t;

typedef enum {
    ALOFT_OTA_BEFORE_DOWNLOAD, // of an image that a server offers, before anything is erased
    ALOFT_OTA_BEFORE_RESTART,  // into the new app; it stays selected, and any reset starts it
} aloft_ota_moment_t;

typedef enum { ALOFT_OTA_FROM_SERVER, ALOFT_OTA_FROM_PUSH, ALOFT_OTA_FROM_WEB } aloft_ota_source_t;

typedef struct {
    const char *url;     // http:// or https://; NULL: no server, unless aloft_ota_check names one
    uint32_t interval_s; // between checks, with a jitter of a tenth; 0: only by aloft_ota_check
    // Whom to trust over https: CA certificates in PEM; keys of servers, as SHA-256 of their
    // SubjectPublicKeyInfo in base64 or hexadecimal. Values "ca", "pin" and "pin_revoked" in NVS
    // come before them. NULL, both, and none in NVS: ESP-IDF's bundle with
    // CONFIG_ALOFT_OTA_CRT_BUNDLE, else nobody.
    const char *cert_pem; // stays valid as long as Aloft runs
    const char *pin;      // the same
    // A new app that is not confirmed so many seconds after aloft_ota_start is restarted, so that
    // the bootloader goes back. 0: CONFIG_ALOFT_OTA_TRIAL_S.
    uint32_t trial_s;
    // The app's veto: false means "not now" (the pump runs); it is asked again every veto_retry_s.
    // It is asked of what a server offers; what the owner sends (push, page) asks it only before
    // the restart. It returns soon. NULL: always allowed.
    bool (*allow)(void *ctx, aloft_ota_moment_t moment);
    void *ctx;
    uint32_t veto_retry_s;
} aloft_ota_config_t;

#define ALOFT_OTA_CONFIG_DEFAULT() ((aloft_ota_config_t){.veto_retry_s = 60})

typedef struct {
    bool busy;                 // an image is coming
    bool on_trial;             // the running app is not confirmed yet
    bool restart_pending;      // a new app is selected and waits for the veto to end
    aloft_ota_source_t source; // of the image that came last
    uint32_t bytes;            // of it in flash, counted from its start, also after a resume
    uint32_t total;            // 0: not known
    esp_err_t error;           // of the last try; ESP_OK: none
    char error_text[96];       // in words: what, to what, what to do
    char version[33];          // of the running app
    char new_version[33];      // of the image that comes or came last; "" when not known
} aloft_ota_status_t;

// Starts Aloft's task; with a url and an interval the first check follows at once. *out is set on
// ESP_OK. Errors: ESP_ERR_NO_MEM; ESP_ERR_INVALID_ARG; ESP_ERR_INVALID_STATE when it runs already;
// ALOFT_OTA_ERR(...) when the partition table is not good, or has no otadata or no OTA slots.
// Power loss: as aloft_ota_confirm, without a record: a trial that failed is noted in otadata, and
// a security version that was confirmed is burned, if that is still to be done.
esp_err_t aloft_ota_start(const aloft_ota_config_t *config, aloft_ota_handle_t *out);

// Ends the ways, the task and what is coming in; what was downloaded is gone on with after the next
// start. The handle is not valid any more, unless an error is returned.
// Errors: ESP_ERR_TIMEOUT after 30 s: it goes on ending.
esp_err_t aloft_ota_stop(aloft_ota_handle_t ota);

// Asks the server now. While the running app is on trial nothing is downloaded: the check ends with
// the error ON_TRIAL and without an event, and is done again when the app is confirmed. url: NULL
// for the configuration's; another one is asked this once. ESP_OK: it was begun; the end is an
// event. Errors: ESP_ERR_INVALID_STATE when a check runs or a new app waits for the restart;
// ESP_ERR_INVALID_ARG without a URL, or with one above CONFIG_ALOFT_OTA_URL_MAX.
esp_err_t aloft_ota_check(aloft_ota_handle_t ota, const char *url);

// Ways in for the owner. Guards (verifiers, not passwords) come from NVS, namespace "aloft"
// (`aloft secret`, `aloft nvs build`); one that is listed and absent is refused:
// ESP_ERR_NVS_NOT_FOUND, and the way stays shut. So is one that cannot be read, with the error of
// nvs_get_str. Errors also: ESP_ERR_INVALID_STATE when the way is there already,
// ESP_ERR_NOT_SUPPORTED when Kconfig leaves it out, ESP_ERR_NO_MEM.
typedef struct {
    uint16_t port; // UDP port of invitations; 0: 3232, the Arduino IDE's
    bool open;     // true: without a password, when NVS has none. Nobody does this by accident
} aloft_ota_push_config_t;
esp_err_t aloft_ota_add_push(aloft_ota_handle_t ota, const aloft_ota_push_config_t *config);

typedef struct {
    uint16_t port; // 0: 80
    // The device's name when NVS has none ("device_id"); NULL: the MAC, 12 hexadecimal digits. It
    // is also the realm of the page's passwords, unless NVS has one ("web_realm").
    const char *name;
} aloft_ota_web_config_t;
// The page wants a login ("web_ha1", "web_ha1_md5"), or a token for `aloft control` ("ctl_token"),
// or both in NVS; it is never open.
esp_err_t aloft_ota_add_web(aloft_ota_handle_t ota, const aloft_ota_web_config_t *config);

// The running app passed its self-test and stays; with CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK its
// security version is burned, too. Errors: those of writing otadata; ESP_OK when it was confirmed
// already. Power loss: it is on trial still, or confirmed; with the stock bootloader the record can
// be lost between erase and program, as with esp_ota_mark_app_valid_cancel_rollback.
esp_err_t aloft_ota_confirm(aloft_ota_handle_t ota);

// The running app is not good: remembers the release, selects the one before, restarts. Returns
// only with an error: ALOFT_OTA_ERR(ALOFT_ERR_NO_ROLLBACK) when there is nothing to go back to.
esp_err_t aloft_ota_reject(aloft_ota_handle_t ota);

esp_err_t aloft_ota_status(aloft_ota_handle_t ota, aloft_ota_status_t *out);

// Waits until nothing is coming in and no check runs. Errors: ESP_ERR_TIMEOUT; else the last try's,
// as status.error.
esp_err_t aloft_ota_wait(aloft_ota_handle_t ota, uint32_t timeout_ms);

// "NET_REFUSED", and for codes of ESP-IDF what esp_err_to_name says.
const char *aloft_ota_err_to_name(esp_err_t err);

#ifdef __cplusplus
}
#endif

#endif
