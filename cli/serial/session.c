// The order is always the same: line, loader, speed, flash; so it is here once.
#include "cli/serial/session.h"
#include "cli/base/ui.h"
#include "cli/serial/port.h"
#include "hostlib/base/number.h"
#include "hostlib/flash/flash_file.h"
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool aloft_session_check(struct aloft_args *args, const struct aloft_session *session)
{
    static const char *const befores[] = {"reset", "no-reset"};
    static const char *const afters[] = {"reset", "run", "no-reset"};
    static const char *const chips[] = {"auto", "esp32", "esp32s3", "esp32c3"};
    if (session->flash_size != 0 && !aloft_flash_file_is_size(session->flash_size)) {
        (void)aloft_args_wrong(args, "--flash-size: a flash chip has 1MB, 2MB, 4MB, ... 128MB");
        return false;
    }
    return (aloft_flasher_chip_by_word(session->chip) != NULL ||
            aloft_args_word(args, "--chip", session->chip, chips, COUNT(chips))) &&
           aloft_args_word(args, "--before", session->before, befores, COUNT(befores)) &&
           aloft_args_word(args, "--after", session->after, afters, COUNT(afters));
}

static void show_progress(void *ctx, uint32_t done, uint32_t total)
{
    aloft_progress_update(ctx, done, total);
}

void aloft_session_show_progress(struct aloft_session *session)
{
    session->flasher.progress = show_progress;
    session->flasher.ctx = &session->progress;
}

const char *aloft_session_mac(const uint8_t mac[6], char text[18])
{
    (void)snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                   mac[4], mac[5]);
    return text;
}

static void say_chip(const struct aloft_session *session)
{
    const struct aloft_flasher *flasher = &session->flasher;
    char mac[18];
    char size[16];
    aloft_number_emit_size(flasher->flash_size, size);
    if (flasher->secure_download) {
        printf("%s on %s, in secure download mode, flash %sB\n", flasher->chip->info->name,
               session->line.name, size);
    } else {
        printf("%s revision %u.%u on %s, MAC %s, flash %sB%s\n", flasher->chip->info->name,
               flasher->facts.revision / 100u, flasher->facts.revision % 100u, session->line.name,
               aloft_session_mac(flasher->facts.mac, mac), size,
               flasher->stub ? " (a stub loader is running)" : "");
    }
    (void)fflush(stdout); // before the bar on standard error
}

bool aloft_session_open(struct aloft_session *session)
{
    struct aloft_message error;
    struct aloft_flasher *flasher = &session->flasher;
    char name[ALOFT_SERIAL_LINE_NAME_MAX + 1];
    bool reset = strcmp(session->before, "reset") == 0;
    if (!aloft_port_choose(session->port, name, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (!aloft_serial_line_open(&session->line, name, ALOFT_FLASHER_BAUD)) {
        aloft_ui_error("%s", session->line.error.text);
        return false;
    }
    aloft_session_show_progress(session);
    aloft_progress_begin(&session->progress, "connecting", "");
    if (!aloft_flasher_connect(flasher, &session->line,
                               reset ? ALOFT_FLASHER_RESET : ALOFT_FLASHER_NO_RESET,
                               aloft_flasher_chip_by_word(session->chip)) ||
        !aloft_flasher_set_baud(flasher, session->baud) ||
        !aloft_flasher_attach(flasher, session->flash_size)) {
        (void)aloft_session_failed(session);
        aloft_serial_line_close(&session->line);
        return false;
    }
    if (!session->quiet) {
        say_chip(session);
    }
    return true;
}

int aloft_session_failed(const struct aloft_session *session)
{
    aloft_ui_error("%s", session->flasher.error.text);
    return ALOFT_EXIT_BAD;
}

int aloft_session_let_go(struct aloft_session *session, int status)
{
    enum aloft_flasher_after after = strcmp(session->after, "reset") == 0 ? ALOFT_FLASHER_HARD_RESET
                                     : strcmp(session->after, "run") == 0 ? ALOFT_FLASHER_RUN
                                                                          : ALOFT_FLASHER_STAY;
    bool let_go = session->line.gone || aloft_flasher_finish(&session->flasher, after);
    if (!let_go) {
        status = aloft_session_failed(session);
    }
    return status;
}

int aloft_session_close(struct aloft_session *session, int status)
{
    status = aloft_session_let_go(session, status);
    aloft_serial_line_close(&session->line);
    return status;
}
