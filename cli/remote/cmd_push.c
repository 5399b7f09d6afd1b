// aloft push: firmware from this computer into a device in the network, without a cable. Any device
// that Arduino's IDE finds in its network takes it, whoever wrote its software.
#include "aloft/format/encimg.h"
#include "aloft/net/espota.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/progress.h"
#include "cli/base/ui.h"
#include "cli/remote/password.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_scan.h"
#include "hostlib/push/espota_client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 20, HOST_MAX = 255, MS_PER_S = 1000 };

struct wish {
    const char *target;
    const char *path;
    uint32_t host_port;
    uint32_t timeout_s;
    bool json;
    char host[HOST_MAX + 1];
    struct aloft_password password;
    struct aloft_file file;
    struct aloft_espota_client client;
};

// HOST, HOST:PORT or [IPV6]:PORT. More than one colon without brackets is an IPv6 address.
static bool read_target(struct wish *wish)
{
    const char *text = wish->target;
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *colon = strrchr(text, ':');
    int64_t port = ALOFT_ESPOTA_PORT;
    size_t len;
    if (end != NULL) {
        text++;
        len = (size_t)(end - text);
        colon = end[1] == ':' ? end + 1 : NULL;
        if (colon == NULL && end[1] != '\0') {
            return false;
        }
    } else {
        colon = colon != NULL && strchr(text, ':') == colon ? colon : NULL;
        len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    }
    if (len == 0 || len > HOST_MAX || (colon != NULL && !aloft_number_parse(colon + 1, &port)) ||
        port < 1 || port > UINT16_MAX) {
        return false;
    }
    memcpy(wish->host, text, len);
    wish->client.host = wish->host;
    wish->client.port = (uint16_t)port;
    return true;
}

static void show_progress(void *ctx, uint32_t done, uint32_t total)
{
    aloft_progress_update(ctx, done, total);
}

static bool print_result(const struct wish *wish, uint64_t ms)
{
    static const char *const ways[] = {"none", "md5", "sha256", "sha256-of-md5"};
    const struct aloft_espota_client *client = &wish->client;
    char rate[32];
    if (wish->json) {
        return aloft_ui_json_print(
            json_pack("{s:o, s:i, s:o, s:I, s:s, s:s, s:s, s:I}", "host",
                      aloft_ui_json_text(client->host), "port", (int)client->port, "file",
                      aloft_ui_json_text(wish->path), "size", (json_int_t)client->len, "md5",
                      client->md5, "kind", client->files ? "filesystem" : "firmware",
                      "authentication", ways[client->auth], "milliseconds", (json_int_t)ms));
    }
    (void)printf("%s: %zu bytes pushed in %u.%u s (%s); the device restarts with them\n",
                 client->host, client->len, (unsigned)(ms / MS_PER_S),
                 (unsigned)(ms % MS_PER_S / 100), aloft_progress_rate(client->len, ms, rate));
    if (client->auth == ALOFT_ESPOTA_AUTH_SHA256_OF_MD5) {
        aloft_ui_warn("the device still holds the MD5 of its password; set the password again to "
                      "have its SHA-256 instead");
    }
    return true;
}

// An app tells who it is, behind its first segment's header; a bootloader does not. Devices differ
// in what they look at (an ESP8266 knows no descriptors), so this is for the user to judge.
static void warn_of_odd_firmware(const struct wish *wish)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    struct aloft_image_scan scan;
    if (wish->client.files || wish->file.data[0] == ALOFT_ENCIMG_FIRST) {
        return; // what is encrypted, only the device can judge
    }
    aloft_image_scan(&rules, wish->file.data, (uint32_t)wish->file.len, &scan);
    if (!scan.headed) {
        aloft_ui_warn("%s is not an app image: %s", wish->path, aloft_err_sentence(scan.err));
    } else if (scan.head_passed && !scan.facts.has_desc) {
        aloft_ui_warn("%s does not say which app it is; it is a bootloader, or an app for "
                      "another kind of device",
                      wish->path);
    }
}

static bool push(struct wish *wish, struct aloft_message *error)
{
    struct aloft_progress progress;
    if (!aloft_password_read(&wish->password, error) ||
        !aloft_file_read(wish->path, FILE_MAX, &wish->file, error)) {
        return false;
    }
    wish->client.password = wish->password.text;
    if (wish->file.len == 0) {
        return aloft_message_set(error, "%s is empty", wish->path);
    }
    warn_of_odd_firmware(wish);
    wish->client.data = wish->file.data;
    wish->client.len = wish->file.len;
    wish->client.progress = show_progress;
    wish->client.progress_ctx = &progress;
    aloft_progress_begin(&progress, "pushing", wish->path);
    bool good = aloft_espota_client_push(&wish->client, error);
    uint64_t ms = aloft_progress_end(&progress);
    return good && print_result(wish, ms);
}

static int run(struct wish *wish)
{
    struct aloft_message error = {""};
    bool good = push(wish, &error);
    if (!good && error.text[0] != '\0') {
        aloft_ui_error("%s", error.text);
    }
    aloft_file_release(&wish->file);
    aloft_password_release(&wish->password);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_push(int argc, char **argv)
{
    static struct wish wish;
    wish.timeout_s = 10;
    struct aloft_args args = {
        .command = "aloft push",
        .operands = "HOST[:PORT] FILE",
        .about = "Sends firmware to a device in the network that takes pushes as Arduino's do\n"
                 "(ArduinoOTA, espota): Aloft's own, and others. PORT is 3232 unless given.\n"
                 "The device connects back to this computer.",
        .examples = "  aloft push 192.168.1.50 firmware.bin\n"
                    "  ALOFT_PASSWORD=secret aloft push kitchen.local firmware.bin\n"
                    "  aloft push 192.168.1.50 --filesystem littlefs.bin --password-file pw.txt",
        .exits = "0 the device has said that it runs FILE next, 1 it has not",
        .options =
            {
                {ALOFT_ARG_TEXT, 'a', "password", "TEXT",
                 "the device's password; others can see it in ps", &wish.password.text},
                {ALOFT_ARG_TEXT, 0, "password-file", "FILE",
                 "file with the password, \"-\" for standard input; else $ALOFT_PASSWORD",
                 &wish.password.path},
                {ALOFT_ARG_FLAG, 's', "filesystem", NULL,
                 "FILE is the image of a file system, not firmware", &wish.client.files},
                {ALOFT_ARG_SIZE, 'P', "host-port", "N",
                 "port of this computer that the device connects to [any]", &wish.host_port},
                {ALOFT_ARG_SIZE, 't', "timeout", "SECONDS", "for the device to answer [10]",
                 &wish.timeout_s},
                ALOFT_ARG_JSON(&wish.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    wish.target = args.given.items[0];
    wish.path = args.given.items[1];
    if (!read_target(&wish)) {
        return aloft_args_wrong(&args, "'%s' is not a HOST or HOST:PORT", wish.target);
    }
    if (wish.host_port > UINT16_MAX || wish.timeout_s > 3600) {
        return aloft_args_wrong(&args, "--host-port is at most 65535, --timeout at most 3600");
    }
    wish.client.host_port = (uint16_t)wish.host_port;
    wish.client.timeout_ms = wish.timeout_s * MS_PER_S;
    return run(&wish);
}
