// aloft control: what a device runs and what it shall boot, over the network: the JSON interface of
// its browser way (docs/CONTROL.md). libcurl speaks HTTP and answers the challenge.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/remote/password.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ANSWER_MAX = 64 << 10, URL_MAX = 512, TEXT_MAX = 128 };

struct wish {
    const char *host;
    const char *command;
    const char *slot;
    const char *user;
    uint32_t timeout_s;
    bool json;
    struct aloft_password password;
    struct aloft_password token; // instead of it
};

struct answer {
    long status;
    char realm[TEXT_MAX]; // that the device asks for the password of; "": it does not
    size_t len;
    char text[ANSWER_MAX + 1];
};

static size_t take(char *data, size_t size, size_t count, void *ctx)
{
    struct answer *answer = ctx;
    size_t len = size * count;
    if (len > ANSWER_MAX - answer->len) {
        return 0; // libcurl gives up
    }
    memcpy(answer->text + answer->len, data, len);
    answer->len += len;
    answer->text[answer->len] = '\0';
    return len;
}

// The realm of the challenge, harmless for a terminal.
static void note_realm(CURL *curl, char out[TEXT_MAX])
{
    static const char key[] = "realm=\"";
    struct curl_header *header;
    const char *at = NULL;
    if (curl_easy_header(curl, "WWW-Authenticate", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        at = strstr(header->value, key);
    }
    const char *realm = at != NULL ? at + sizeof key - 1 : "";
    (void)snprintf(out, TEXT_MAX, "%.*s", (int)strcspn(realm, "\""), realm);
    aloft_ui_clean(out, out, TEXT_MAX);
}

static CURLcode ask(CURL *curl, const struct wish *wish, struct answer *answer)
{
    char url[URL_MAX];
    char body[TEXT_MAX];
    bool status = strcmp(wish->command, "status") == 0;
    (void)snprintf(url, sizeof url, "http://%s/api/%s", wish->host, wish->command);
    (void)snprintf(body, sizeof body, "{\"slot\":\"%s\"}", wish->slot != NULL ? wish->slot : "");
    // Options of fixed kinds cannot be refused by a libcurl that has them.
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)wish->timeout_s);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (wish->token.text != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        (void)curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, wish->token.text);
    } else if (wish->password.text != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, wish->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, wish->password.text);
    }
    if (!status) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, wish->slot != NULL ? body : "");
    }
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    note_realm(curl, answer->realm);
    return code;
}

// A text of the answer, harmless for a terminal.
static const char *text_of(const json_t *object, const char *key, char out[TEXT_MAX])
{
    const char *text = json_string_value(json_object_get(object, key));
    aloft_ui_clean(text != NULL ? text : "", out, TEXT_MAX);
    return out;
}

static void print_slot(const json_t *slot)
{
    char name[TEXT_MAX];
    char project[TEXT_MAX];
    char version[TEXT_MAX];
    char state[TEXT_MAX];
    bool running = json_is_true(json_object_get(slot, "running"));
    bool selected = json_is_true(json_object_get(slot, "selected"));
    bool image = json_is_true(json_object_get(slot, "image"));
    (void)printf("  %-8s  %s %s%s%s%s%s\n", text_of(slot, "name", name),
                 image ? text_of(slot, "project", project) : "no image",
                 text_of(slot, "version", version), running ? ", running" : "",
                 selected && !running ? ", boots next" : "",
                 text_of(slot, "state", state)[0] != '\0' ? ", " : "", state);
}

static void print_status(const json_t *root)
{
    char text[TEXT_MAX];
    char version[TEXT_MAX];
    size_t index;
    const json_t *slot;
    (void)printf("%s: ", text_of(root, "device", text));
    (void)printf("%s %s", text_of(root, "project", text), text_of(root, "version", version));
    (void)printf(" runs from %s", text_of(root, "running", text));
    (void)printf(", up for %lld s after reset: %s\n",
                 (long long)json_integer_value(json_object_get(root, "uptime_s")),
                 text_of(root, "reset_reason", version));
    if (json_is_true(json_object_get(json_object_get(root, "update"), "busy"))) {
        (void)printf("  an update is under way\n");
    }
    json_array_foreach(json_object_get(root, "slots"), index, slot)
    {
        print_slot(slot);
    }
}

static bool print_answer(const struct wish *wish, json_t *root)
{
    size_t index;
    json_t *slot;
    if (wish->json) {
        // The device says "address"; all of the tool says "offset".
        json_array_foreach(json_object_get(root, "slots"), index, slot)
        {
            aloft_ui_json_old(slot, "offset", "address");
        }
        return aloft_ui_json_print(json_incref(root));
    }
    if (strcmp(wish->command, "status") == 0) {
        print_status(root);
    } else if (json_is_true(json_object_get(root, "restarting"))) {
        (void)printf("%s: done; the device restarts\n", wish->command);
    } else {
        (void)printf("%s: done\n", wish->command);
    }
    return true;
}

// What a 401 leaves open: the device cannot tell a wrong password from one that was set for another
// device, as both are one hash.
static void explain(const struct wish *wish, const struct answer *answer, char out[URL_MAX])
{
    bool token = wish->token.text != NULL;
    out[0] = '\0';
    if (answer->status == 401 && wish->password.text == NULL && !token) {
        (void)snprintf(out, URL_MAX, "; %s", ALOFT_PASSWORD_HINT);
    } else if (answer->status == 401 && !token && answer->realm[0] != '\0') {
        (void)snprintf(out, URL_MAX,
                       "; the device asks %s for the password of \"%s\": one that was set for "
                       "another name or MAC does not fit (aloft secret set --name, --mac)",
                       wish->user, answer->realm);
    } else if (answer->status == 401 && !token) {
        (void)snprintf(out, URL_MAX, "; the device has no password but a token: --token-file");
    }
}

// What the device says, or why it says nothing of use.
static bool judge(const struct wish *wish, const struct answer *answer, struct aloft_message *error)
{
    char name[TEXT_MAX];
    char sentence[TEXT_MAX];
    json_t *root = json_loads(answer->text, 0, NULL);
    bool good = false;
    if (!json_is_object(root)) {
        (void)aloft_message_set(error, "%s answered %ld, and not as an Aloft device does",
                                wish->host, answer->status);
    } else if (answer->status != 200) {
        char more[URL_MAX];
        explain(wish, answer, more);
        (void)aloft_message_set(error, "%s refuses: %s: %s%s", wish->host,
                                text_of(root, "error", name), text_of(root, "message", sentence),
                                more);
    } else {
        good = print_answer(wish, root);
    }
    json_decref(root);
    return good;
}

static bool control(struct wish *wish, struct aloft_message *error)
{
    static struct answer answer;
    bool token = wish->token.text != NULL || wish->token.path != NULL;
    if (!aloft_password_read(token ? &wish->token : &wish->password, error)) {
        return false;
    }
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        return aloft_message_set(error, "libcurl does not start");
    }
    CURLcode code = ask(curl, wish, &answer);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        return aloft_message_set(error, "%s: %s; is the browser way of the device on?", wish->host,
                                 curl_easy_strerror(code));
    }
    return judge(wish, &answer, error);
}

// A slot's name goes into JSON, a host into a URL: neither may carry anything else.
static bool is_plain(const char *text, const char *more, size_t len_max)
{
    static const char alnum[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (strchr(alnum, text[i]) == NULL && strchr(more, text[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= len_max;
}

int cmd_control(int argc, char **argv)
{
    static const char *const commands[] = {"status",  "boot",    "confirm", "rollback",
                                           "factory", "restart", "check"};
    struct wish wish = {.user = "admin", .timeout_s = 30};
    struct aloft_message error = {""};
    struct aloft_args args = {
        .command = "aloft control",
        .operands = "HOST[:PORT] COMMAND [SLOT]",
        .about = "Tells what a device runs, and what it shall boot, over its browser way.\n"
                 "COMMAND is status, boot SLOT, confirm, rollback, factory, restart or check. The\n"
                 "password is taken from the options or from ALOFT_PASSWORD.",
        .examples = "  aloft control 10.0.0.7 status\n"
                    "  aloft control 10.0.0.7 boot ota_1 --password-file secret.txt\n"
                    "  ALOFT_PASSWORD=secret aloft control 10.0.0.7:8080 confirm --json\n"
                    "  aloft control 10.0.0.7 check --token-file token.txt",
        .exits = "0 the device has done it, 1 it refuses or cannot be reached",
        .options =
            {
                {ALOFT_ARG_TEXT, 'u', "user", "NAME", "name of the user [admin]", &wish.user},
                {ALOFT_ARG_TEXT, 'a', "password", "TEXT",
                 "password; others on this computer can see it", &wish.password.text},
                {ALOFT_ARG_TEXT, 0, "password-file", "FILE",
                 "file whose first line is the password", &wish.password.path},
                {ALOFT_ARG_TEXT, 0, "token", "TEXT",
                 "token instead of user and password; others can see it", &wish.token.text},
                {ALOFT_ARG_TEXT, 0, "token-file", "FILE", "file whose first line is the token",
                 &wish.token.path},
                {ALOFT_ARG_SIZE, 0, "timeout", "S", "seconds until it gives up [30]",
                 &wish.timeout_s},
                ALOFT_ARG_JSON(&wish.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    wish.host = args.given.items[0];
    wish.command = args.given.items[1];
    wish.slot = args.given.count > 2 ? args.given.items[2] : NULL;
    if (!aloft_args_word(&args, "command", wish.command, commands, COUNT(commands))) {
        return args.status;
    }
    if ((strcmp(wish.command, "boot") == 0) != (wish.slot != NULL)) {
        return aloft_args_wrong(&args, "a slot goes with boot, and with nothing else");
    }
    const char *scheme = strstr(wish.host, "://");
    if (scheme != NULL) {
        const char *host = scheme + strlen("://");
        return aloft_args_wrong(&args, "a host is wanted, not a URL: write %.*s",
                                (int)strcspn(host, "/"), host);
    }
    if (!is_plain(wish.host, ".-_:[]", URL_MAX / 2) ||
        (wish.slot != NULL && !is_plain(wish.slot, "_", TEXT_MAX / 2))) {
        return aloft_args_wrong(&args, "not a host, or not a slot");
    }
    bool good = control(&wish, &error);
    if (!good && error.text[0] != '\0') {
        aloft_ui_error("%s", error.text);
    }
    aloft_password_release(&wish.password);
    aloft_password_release(&wish.token);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
