// aloft chip-mem: words of a chip's memory and registers, as its loader reads and writes them.
#include "aloft/base/bytes.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/session.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/flasher/flasher_link.h"
#include <stdio.h>
#include <stdlib.h>

enum { WORD = 4, LEN_MAX = 16 << 20 };

struct wish {
    uint32_t addr;
    uint32_t len; // 0: one word
    uint32_t value;
    uint32_t mask;
    const char *out;
    const char *write; // NULL: read
    const char *mask_text;
};

static bool read_word(struct aloft_args *args, const char *what, const char *text, uint32_t *value)
{
    int64_t number;
    if (!aloft_number_parse(text, &number) || number < 0 || number > UINT32_MAX) {
        (void)aloft_args_wrong(args, "%s '%s' is not a word; write it like 0x3ff00000", what, text);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

static bool read_wish(struct aloft_args *args, struct wish *wish)
{
    const char *len = args->given.items[1];
    wish->mask = UINT32_MAX;
    if (!read_word(args, "address", args->given.items[0], &wish->addr) ||
        (wish->write != NULL && !read_word(args, "--write", wish->write, &wish->value)) ||
        (wish->mask_text != NULL && !read_word(args, "--mask", wish->mask_text, &wish->mask))) {
        return false;
    }
    if (len != NULL && (!aloft_number_parse_size(len, &wish->len) || wish->len > LEN_MAX)) {
        (void)aloft_args_wrong(args, "'%s' is not a size; write it like 0x1000, at most 16M", len);
        return false;
    }
    if (wish->addr % WORD != 0 || wish->len % WORD != 0) {
        (void)aloft_args_wrong(args, "the loader knows words: address and size are multiples of 4");
        return false;
    }
    if ((wish->len != 0) != (wish->out != NULL) || (wish->len != 0 && wish->write != NULL)) {
        (void)aloft_args_wrong(args, "LEN goes with -o FILE, and without --write");
        return false;
    }
    if (wish->mask_text != NULL && wish->write == NULL) {
        (void)aloft_args_wrong(args, "--mask goes with --write");
        return false;
    }
    if (wish->len > UINT32_MAX - wish->addr) {
        (void)aloft_args_wrong(args, "0x%x bytes at 0x%x reach beyond the last address",
                               (unsigned)wish->len, (unsigned)wish->addr);
        return false;
    }
    return true;
}

static bool read_all(struct aloft_session *session, const struct wish *wish, uint8_t *data)
{
    struct aloft_flasher *flasher = &session->flasher;
    bool good = true;
    aloft_progress_begin(&session->progress, "reading", "memory");
    for (uint32_t off = 0; good && off < wish->len; off += WORD) {
        uint32_t value = 0;
        good = aloft_flasher_read_reg(flasher, wish->addr + off, &value);
        aloft_put_le32(data + off, value);
        if (flasher->progress != NULL) {
            flasher->progress(flasher->ctx, off + WORD, wish->len);
        }
    }
    (void)aloft_progress_end(&session->progress);
    return good;
}

static int dump(struct aloft_session *session, const struct wish *wish)
{
    struct aloft_message error;
    int status = ALOFT_EXIT_GOOD;
    uint8_t *data = malloc(wish->len);
    if (data == NULL) {
        aloft_ui_error("out of memory");
        return ALOFT_EXIT_BAD;
    }
    if (!read_all(session, wish, data)) {
        status = aloft_session_failed(session);
    } else if (!aloft_file_write(wish->out, data, wish->len, &error)) {
        aloft_ui_error("%s", error.text);
        status = ALOFT_EXIT_BAD;
    }
    free(data);
    return status;
}

static int run(struct aloft_session *session, const struct wish *wish)
{
    struct aloft_flasher *flasher = &session->flasher;
    uint32_t value;
    if (wish->len != 0) {
        return dump(session, wish);
    }
    if (wish->write != NULL &&
        !aloft_flasher_write_reg(flasher, wish->addr, wish->value, wish->mask)) {
        return aloft_session_failed(session);
    }
    if (!aloft_flasher_read_reg(flasher, wish->addr, &value)) {
        return aloft_session_failed(session);
    }
    printf("0x%08x = 0x%08x\n", (unsigned)wish->addr, (unsigned)value);
    return ALOFT_EXIT_GOOD;
}

int cmd_chip_mem(int argc, char **argv)
{
    struct wish wish = {.len = 0};
    struct aloft_message error;
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS, .quiet = true};
    struct aloft_args args = {
        .command = "aloft chip-mem",
        .operands = "ADDR [LEN]",
        .about = "Tells the word at ADDR in a chip's memory or registers; with LEN reads so many\n"
                 "bytes into a file. The chip is in its loader meanwhile: what its app had in\n"
                 "memory is gone in part. An address that has nothing may stop the chip; a reset\n"
                 "helps. --write is followed by what the address then reads.",
        .examples = "  aloft chip-mem 0x3ff5a004\n"
                    "  aloft chip-mem 0x3ff42000 --write 0x1 --mask 0xff --after no-reset\n"
                    "  aloft chip-mem 0x3ffae000 0x1000 -o ram.bin",
        .exits = "0 done, 1 no chip answers, or it refused; then FILE is as it was",
        .options =
            {
                ALOFT_SESSION_OPTIONS(session),
                {ALOFT_ARG_TEXT, 'o', "output", "FILE",
                 "of LEN: where the bytes go; - is standard output", &wish.out},
                {ALOFT_ARG_TEXT, 0, "write", "VALUE", "write this word first", &wish.write},
                {ALOFT_ARG_TEXT, 0, "mask", "BITS", "of --write: which bits change [all]",
                 &wish.mask_text},
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !read_wish(&args, &wish) ||
        !aloft_session_check(&args, &session)) {
        return args.status;
    }
    if (wish.out != NULL && !aloft_file_writable(wish.out, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_session_open(&session)) {
        return ALOFT_EXIT_BAD;
    }
    return aloft_session_close(&session, run(&session, &wish));
}
