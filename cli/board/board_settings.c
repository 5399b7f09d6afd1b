// aloft board settings: what `aloft image build --set` can set, in one table. Each row is a setting
// that some app or the port reads; tests/cli/board_settings_test.py holds the table against the
// sources.
#include "cli/base/args.h"
#include "cli/base/ui.h"
#include "cli/board/board_commands.h"
#include <stdio.h>
#include <string.h>

struct setting {
    const char *key;
    const char *initial; // what it is when nobody sets it
    const char *text;
};

struct group {
    const char *name;
    const struct setting *settings; // ends at the first without a key
};

static const struct setting of_all[] = {
    {"signed", "no", "yes: take only updates that are signed with the keys of this app"},
    {"listen", "127.0.0.1", "address on which the app's ways listen"},
    {"ca", "", "certificates in PEM that are trusted over https"},
    {"pin", "", "keys that are trusted over https, by hash"},
    {"pin_revoked", "", "keys that are trusted no more"},
    {"clock", "host", "none: judge dates of certificates by the image's build time"},
    {"wifi_down", "0", "1: there is no such Wi-Fi network"},
    {"restore_KEY", "", "what a damaged value KEY of NVS becomes, where updates must be signed"},
    {NULL, NULL, NULL},
};

static const struct setting of_ota_demo[] = {
    {"wifi_ssid", "stop", "name of the Wi-Fi network; any is there"},
    {"wifi_password", "", "its password; any will do"},
    {"server", "127.0.0.1", "host that has the new image"},
    {"port", "8070", "its port"},
    {"file", "/hello_world.bin", "path of the image there"},
    {"url", "", "replaces these three; https:// is taken, too"},
    {"httpupdate", "", "on: ask as Arduino's HTTPUpdate does"},
    {"httpupdate_user", "", "user for servers that want one of HTTPUpdate"},
    {"httpupdate_password", "", "and password"},
    {"retry_s", "5", "seconds to the second try; doubles up to 60"},
    {"rate_min", "1024", "a server must send so many bytes a second"},
    {"rate_window_s", "30", "over each so many seconds"},
    {"check_s", "60", "seconds to the next look when the server has nothing new"},
    {"trial_s", "300", "seconds in which a new app must have confirmed itself"},
    {"downgrade", "", "no: refuse what is older than this app"},
    {"project", "", "same: refuse images of another project"},
    {"encrypted", "", "required: take only encrypted images"},
    {"pull", "", "off: fetch nothing; take what is pushed or uploaded"},
    {"web_port", "80", "port of the page and of control; on once a password is set"},
    {"push_port", "3232", "port of pushes; on once a password is set"},
    {"push_open", "", "yes: take pushes without a password"},
    {"confirm", "", "never: stay on trial"},
    {"crash", "", "start: crash at once"},
    {"hang", "", "start: stop feeding the watchdog"},
    {NULL, NULL, NULL},
};

static const struct setting of_hello_world[] = {
    {"countdown", "10", "seconds until the restart"},
    {"confirm", "", "never: stay on trial"},
    {"crash", "", "start: crash at once"},
    {"hang", "", "start: stop feeding the watchdog"},
    {NULL, NULL, NULL},
};

static const struct setting of_idf[] = {
    {"route", "", "HOST:PORT=HOST:PORT,...: sends connections elsewhere"},
    {"ports", "", "PORT=PORT,...: where a server of the app listens instead"},
    {"ca_bundle", "/etc/ssl/certs/ca-certificates.crt", "authorities of esp_crt_bundle_attach"},
    {NULL, NULL, NULL},
};

static const struct group groups[] = {
    {"all apps", of_all},
    {"ota_demo", of_ota_demo},
    {"hello_world", of_hello_world},
    {"apps of ESP-IDF projects", of_idf},
};

static json_t *as_json(void)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (const struct setting *s = groups[i].settings; s->key != NULL; s++) {
            (void)json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "app",
                                                        groups[i].name, "name", s->key, "default",
                                                        s->initial, "text", s->text));
        }
    }
    return rows;
}

static void print_all(void)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        printf("%s%s:\n", i == 0 ? "" : "\n", groups[i].name);
        for (const struct setting *s = groups[i].settings; s->key != NULL; s++) {
            printf("  %-20s %s%s%s%s\n", s->key, s->text, s->initial[0] != '\0' ? " [" : "",
                   s->initial, s->initial[0] != '\0' ? "]" : "");
        }
    }
    printf("\nSet them when an image is made: aloft image build APP -o FILE --set web_port=8080\n"
           "What keeps its value over updates, as passwords: aloft secret, aloft nvs.\n");
}

int board_settings(int argc, char **argv)
{
    bool json = false;
    struct aloft_args args = {
        .command = "aloft board settings",
        .about = "Lists what `aloft image build --set` can set: where menuconfig sets a chip's\n"
                 "app, an image for the virtual board carries its settings. In brackets: what\n"
                 "it is when nobody sets it.",
        .examples =
            "  aloft board settings\n"
            "  aloft image build build/release/apps/ota_demo -o app.bin --set web_port=8080",
        .options = {ALOFT_ARG_JSON(&json)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (json) {
        return aloft_ui_json_print(json_pack("{s:o}", "settings", as_json())) ? ALOFT_EXIT_GOOD
                                                                              : ALOFT_EXIT_BAD;
    }
    print_all();
    return ALOFT_EXIT_GOOD;
}
