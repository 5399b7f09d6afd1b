// Whom the pull trusts: the texts `ca`, `pin` and `pin_revoked` in NVS, which outlive updates, or
// else the configuration's. NVS is asked at each check, so what was written there counts from the
// next one on. What is there and cannot be read is not passed over: nobody is trusted then.
#include "tls_use.h"
#include "guards.h"
#include "ports/portlib/tls/tls.h"
#include <esp_app_desc.h>
#include <esp_crt_bundle.h>
#include <nvs.h>
#include <stdlib.h>
#include <time.h>

enum { CLOCK_IS_SET = 1600000000 }; // below, it counts from the reset

static const char unreadable[] = "?"; // neither a certificate nor a pin

static bool clock_now(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = (int64_t)time(NULL);
    return *seconds > CLOCK_IS_SET;
}

#if CONFIG_ALOFT_OTA_CRT_BUNDLE
static int attach_bundle(void *config)
{
    return esp_crt_bundle_attach(config) == ESP_OK ? 0 : -1;
}
#endif

// The text in NVS, which goes into *room, or else the configured one.
static const char *text(const char *key, const char *configured, char **room)
{
    esp_err_t err = aloft_esp_guard_dup(key, room);
    return err == ESP_OK ? *room : err == ESP_ERR_NVS_NOT_FOUND ? configured : unreadable;
}

static void fill(void *ctx, struct aloft_tls_trust *out)
{
    struct aloft_ota *ota = ctx;
    const esp_app_desc_t *app = esp_app_get_description();
    aloft_esp_drop_trust(ota);
    *out = (struct aloft_tls_trust){
        .ca = text("ca", ota->config.cert_pem, &ota->trust.ca),
        .pins = text("pin", ota->config.pin, &ota->trust.pins),
        .revoked = text("pin_revoked", NULL, &ota->trust.revoked),
        .built = aloft_tls_built(app->date, app->time),
        .now = clock_now,
    };
#if CONFIG_ALOFT_OTA_CRT_BUNDLE
    out->bundle = out->ca == NULL && out->pins == NULL ? attach_bundle : NULL;
#endif
}

void aloft_esp_use_tls(struct aloft_ota *ota)
{
    aloft_net_trust(&ota->net, &aloft_tls_calls, fill, ota);
}

void aloft_esp_drop_trust(struct aloft_ota *ota)
{
    free(ota->trust.ca);
    free(ota->trust.pins);
    free(ota->trust.revoked);
    ota->trust = (struct aloft_esp_trust_texts){.ca = NULL};
}
