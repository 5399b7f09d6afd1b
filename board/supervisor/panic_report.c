// A record that a program left (board/chip/panic.h) is explained; of a program without a handler,
// ROM, bootloader and what was killed, only the signal is known.
#include "board/supervisor/panic_report.h"
#include "board/supervisor/symbols.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { SHA_SHOWN = 8 }; // bytes of the ELF's SHA-256, as ESP-IDF shows them

struct text {
    char *out;
    size_t len;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list args;
    size_t room = ALOFT_PANIC_REPORT_MAX - text->len;
    va_start(args, format);
    int n = vsnprintf(text->out + text->len, room, format, args);
    va_end(args);
    text->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *signal_text(int status)
{
    int cause = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return cause == SIGSEGV || cause == SIGBUS   ? "LoadProhibited"
           : cause == SIGILL || cause == SIGTRAP ? "IllegalInstruction"
           : cause == SIGFPE                     ? "IntegerDivideByZero"
           : cause == SIGABRT                    ? "abort() was called"
           : cause != 0                          ? strsignal(cause)
                                                 : "the program ended";
}

static const char *cause_text(uint32_t cause)
{
    static const char *const names[] = {
        [ALOFT_PANIC_LOAD] = "LoadProhibited",        [ALOFT_PANIC_STORE] = "StoreProhibited",
        [ALOFT_PANIC_FETCH] = "InstrFetchProhibited", [ALOFT_PANIC_ILLEGAL] = "IllegalInstruction",
        [ALOFT_PANIC_DIVIDE] = "IntegerDivideByZero",
    };
    return cause < sizeof names / sizeof names[0] && names[cause] != NULL ? names[cause] : "?";
}

static uint32_t frames_of(const struct aloft_panic *panic)
{
    uint32_t count = atomic_load(&panic->frame_count);
    return count < ALOFT_PANIC_FRAMES ? count : ALOFT_PANIC_FRAMES;
}

static void add_exception(struct text *text, const char *name)
{
    add(text, "Guru Meditation Error: Core  0 panic'ed (%s). Exception was unhandled.\n", name);
}

// abort() is in a library; the app's frame below it is where it was called.
static void add_abort(struct text *text, const struct aloft_panic *panic)
{
    uint32_t at = 0;
    uint32_t count = frames_of(panic);
    while (at < count && panic->frames[at].where[0] != '\0') {
        at++;
    }
    add(text, "\nabort() was called at PC 0x%08llx on core 0\n\n",
        at < count ? (unsigned long long)panic->frames[at].pc : 0);
}

static const char *task_name(const struct aloft_panic *panic)
{
    return strcmp(panic->task, "app") == 0 ? "main" : panic->task;
}

static void add_watchdog(struct text *text, const struct supervisor *s)
{
    const struct aloft_panic *panic = &s->retained->panic;
    bool busy = panic->late[0] == '\0';
    unsigned ms =
        (unsigned)((aloft_board_clock_ns() - s->retained->start_ns) / ALOFT_SUPERVISOR_NS_PER_MS);
    const char *const lines[][2] = {
        {"Task watchdog got triggered. The following tasks/users did not reset the watchdog in "
         "time:",
         ""},
        {" - ", busy ? "IDLE0 (CPU 0)" : panic->late},
        {"Tasks currently running:", ""},
        {"CPU 0: ", busy ? task_name(panic) : "IDLE0"},
        {"CPU 1: IDLE1", ""},
        {"Aborting.", ""},
        {"Print CPU 0 (current core) backtrace", ""},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        add(text, "E (%u) task_wdt: %s%s\n", ms, lines[i][0], lines[i][1]);
    }
}

static void add_registers(struct text *text, const struct aloft_panic *panic)
{
    add(text, "\nCore  0 register dump:\nPC      : 0x%08llx  A1      : 0x%08llx",
        (unsigned long long)panic->pc, (unsigned long long)panic->sp);
    uint32_t cause = atomic_load(&panic->cause);
    bool access =
        cause == ALOFT_PANIC_LOAD || cause == ALOFT_PANIC_STORE || cause == ALOFT_PANIC_FETCH;
    if (access) {
        add(text, "  EXCVADDR: 0x%08llx", (unsigned long long)panic->addr);
    }
    add(text, "\n");
}

static void add_backtrace(struct text *text, const struct aloft_panic *panic)
{
    add(text, "\nBacktrace:");
    for (uint32_t i = 0; i < frames_of(panic); i++) {
        const struct aloft_panic_frame *frame = &panic->frames[i];
        add(text, " 0x%08llx:0x%08llx", (unsigned long long)frame->pc,
            (unsigned long long)frame->sp);
    }
    add(text, "\n");
}

// "function at ./../path/file.c:12" without what leads to the folder of the build.
static void add_place(struct text *text, char *line)
{
    char *at = strstr(line, " at ");
    char *path = at == NULL ? NULL : at + 4;
    char *rest = path;
    while (rest != NULL && (strncmp(rest, "./", 2) == 0 || strncmp(rest, "../", 3) == 0)) {
        rest = strchr(rest, '/') + 1;
    }
    if (rest != NULL && rest != path) {
        memmove(path, rest, strlen(rest) + 1);
    }
    char *why = strstr(line, " (discriminator");
    if (why != NULL) {
        *why = '\0';
    }
    add(text, "--- %s\n", line);
}

// Names the frames of the app that lie in answer, in their order, and of the libraries between.
static void add_places(struct text *text, const struct aloft_panic *panic, char *answer)
{
    char *next = answer;
    for (uint32_t i = 0; i < frames_of(panic); i++) {
        const struct aloft_panic_frame *frame = &panic->frames[i];
        if (frame->where[0] != '\0') {
            add(text, "--- 0x%08llx: %s\n", (unsigned long long)frame->pc, frame->where);
            continue;
        }
        char *line = strsep(&next, "\n"); // "0x0000000000403186: function at file:line"
        const char *colon = line == NULL ? NULL : strstr(line, ": ");
        char first[ALOFT_SYMBOL_TEXT];
        (void)snprintf(first, sizeof first, "0x%08llx: %s", (unsigned long long)frame->pc,
                       colon == NULL                         ? "?"
                       : strncmp(colon + 2, "?? ??", 5) == 0 ? "no code of the app"
                                                             : colon + 2);
        add_place(text, first);
        while (next != NULL && strncmp(next, " (inlined by)", 13) == 0) {
            add_place(text, strsep(&next, "\n"));
        }
    }
}

static void explain(struct text *text, const struct supervisor *s)
{
    static const uint8_t none[32];
    const struct aloft_panic *panic = &s->retained->panic;
    uint64_t addrs[ALOFT_PANIC_FRAMES];
    char answer[ALOFT_SYMBOL_TEXT];
    char elf[PATH_MAX];
    size_t count = 0;
    add(text, "--- task %s\n", task_name(panic));
    for (uint32_t i = 0; i < frames_of(panic); i++) {
        if (panic->frames[i].where[0] == '\0') {
            addrs[count++] = panic->frames[i].pc;
        }
    }
    bool named = memcmp(panic->elf_sha256, none, sizeof none) != 0;
    if (!named || !aloft_symbols_find(s->config, panic->elf_sha256, elf)) {
        add(text, "--- no ELF with this SHA-256 was found, so functions are not named; give it or "
                  "its folder: aloft board run --elf\n");
        answer[0] = '\0';
    } else if (!aloft_symbols_ask(elf, addrs, count, answer, sizeof answer)) {
        add(text, "--- addr2line does not answer, so functions are not named; install the package "
                  "binutils\n");
    }
    add_places(text, panic, answer);
}

void aloft_panic_report(const struct supervisor *s, int status, char out[ALOFT_PANIC_REPORT_MAX])
{
    const struct aloft_panic *panic = &s->retained->panic;
    struct text text = {out, 0};
    switch (atomic_load(&panic->cause)) {
    case ALOFT_PANIC_NONE:
        add_exception(&text, signal_text(status));
        add(&text, "\nRebooting...\n");
        return;
    case ALOFT_PANIC_ABORT:
        add_abort(&text, panic);
        break;
    case ALOFT_PANIC_STACK:
        add(&text, "\n***ERROR*** A stack overflow in task %s has been detected.\n\n",
            task_name(panic));
        break;
    case ALOFT_PANIC_TASK_WATCHDOG:
        add_watchdog(&text, s);
        break;
    default:
        add_exception(&text, cause_text(atomic_load(&panic->cause)));
        add_registers(&text, panic);
        break;
    }
    add_backtrace(&text, panic);
    explain(&text, s);
    add(&text, "\n\nELF file SHA256: ");
    for (int i = 0; i < SHA_SHOWN; i++) {
        add(&text, "%02x", panic->elf_sha256[i]);
    }
    add(&text, "\n\nRebooting...\n");
}
