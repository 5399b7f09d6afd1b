// The handler writes into memory that outlives the process, facts first, then frame by frame: one
// that faults itself has left what it had. It runs with the faults blocked, so a second one kills.
#include "board/chip/panic.h"
#include "board/chip/fault.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <unwind.h>

enum { STACK_LEN = 32 * 1024, STACK_NEAR = 8 * 1024 };

static struct aloft_panic *panic; // of the process that is the chip
static _Thread_local uint8_t handler_stack[STACK_LEN];
static _Thread_local uint64_t root; // where this thread was called from: a library's function

// What the linker knows of this program: its code lies between these.
extern const char __executable_start[];
extern const char etext[];

static bool is_own(uint64_t pc)
{
    return pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext;
}

// Functions of shared libraries are named here, where the libraries are.
static void name_frame(struct aloft_panic_frame *frame)
{
    Dl_info info;
    if (is_own(frame->pc) || dladdr((void *)(uintptr_t)frame->pc, &info) == 0 ||
        info.dli_fname == NULL) {
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    (void)snprintf(frame->where, sizeof frame->where, "%s (%s)",
                   info.dli_sname != NULL ? info.dli_sname : "?",
                   slash != NULL ? slash + 1 : info.dli_fname);
}

static void add_frame(uint64_t pc, uint64_t sp)
{
    uint32_t at = atomic_load(&panic->frame_count);
    if (at < ALOFT_PANIC_FRAMES) {
        panic->frames[at] = (struct aloft_panic_frame){.pc = pc, .sp = sp};
        atomic_store(&panic->frame_count, at + 1);
        name_frame(&panic->frames[at]);
    }
}

struct walk {
    bool started;
    bool returned; // the frame that the signal has met was made that of its caller
};

// The handler's own frames come first; the one that the signal has met is the first of which the
// address is that of an instruction to come. Of all others the call lies before it.
static _Unwind_Reason_Code walk(struct _Unwind_Context *context, void *ctx)
{
    struct walk *walk = ctx;
    int exact = 0;
    uint64_t pc = _Unwind_GetIPInfo(context, &exact);
    walk->started = walk->started || exact != 0;
    if (exact == 0 && (pc == root || pc == 0)) {
        return _URC_END_OF_STACK; // what is above every app alike
    }
    if (walk->started) {
        add_frame(pc - (exact != 0 && !walk->returned ? 0 : 1), _Unwind_GetCFA(context));
    }
    return atomic_load(&panic->frame_count) < ALOFT_PANIC_FRAMES ? _URC_NO_REASON
                                                                 : _URC_END_OF_STACK;
}

static enum aloft_panic_cause cause_of(int number, const siginfo_t *info,
                                       const struct aloft_fault *fault)
{
    switch (number) {
    case SIGILL:
    case SIGTRAP:
        return ALOFT_PANIC_ILLEGAL;
    case SIGFPE:
        return ALOFT_PANIC_DIVIDE;
    case SIGABRT:
        return ALOFT_PANIC_ABORT;
    case ALOFT_PANIC_WATCHDOG_SIGNAL:
        return ALOFT_PANIC_TASK_WATCHDOG;
    default:
        break;
    }
    uint64_t addr = (uintptr_t)info->si_addr;
    if (fault->known && fault->pc == addr) {
        return ALOFT_PANIC_FETCH;
    }
    if (fault->known && addr + STACK_NEAR > fault->sp && addr < fault->sp + STACK_NEAR) {
        return ALOFT_PANIC_STACK; // what is there is mapped, but for the guard below the stack
    }
    return fault->store ? ALOFT_PANIC_STORE : ALOFT_PANIC_LOAD;
}

static void on_panic(int number, siginfo_t *info, void *context)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&taken)) { // another task was first; this ends with it
        (void)pause();
    }
    struct aloft_fault fault = aloft_fault_read(context);
    enum aloft_panic_cause cause = cause_of(number, info, &fault);
    bool has_addr = number == SIGSEGV || number == SIGBUS;
    panic->addr = has_addr ? (uint64_t)(uintptr_t)info->si_addr : 0;
    panic->pc = fault.pc;
    panic->sp = fault.sp;
    (void)prctl(PR_GET_NAME, panic->task);
    atomic_store(&panic->cause, cause);
    struct walk state = {.returned = cause == ALOFT_PANIC_FETCH};
    if (state.returned) {
        add_frame(fault.pc, fault.sp);
        aloft_fault_return(context);
    }
    (void)_Unwind_Backtrace(walk, &state);
    _exit(EXIT_FAILURE);
}

static _Unwind_Reason_Code look_for_root(struct _Unwind_Context *context, void *unused)
{
    uint64_t pc = _Unwind_GetIP(context);
    (void)unused;
    if (is_own(pc)) {
        return _URC_NO_REASON;
    }
    root = pc;
    return _URC_END_OF_STACK;
}

// This is also the unwinder's first use, at which it allocates; a program with a broken heap could
// not do that.
void aloft_panic_thread(void)
{
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    (void)sigaltstack(&stack, NULL); // without it, an overflow leaves no record
    (void)_Unwind_Backtrace(look_for_root, NULL);
}

void aloft_panic_late(const char *task)
{
    (void)snprintf(panic->late, sizeof panic->late, "%s", task);
}

void aloft_panic_arm(struct aloft_retained *retained, const uint8_t elf_sha256[32])
{
    static const int numbers[] = {
        SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, ALOFT_PANIC_WATCHDOG_SIGNAL};
    struct sigaction action = {.sa_sigaction = on_panic, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    panic = &retained->panic;
    memcpy(panic->elf_sha256, elf_sha256, sizeof panic->elf_sha256);
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)sigaddset(&action.sa_mask, numbers[i]);
    }
    aloft_panic_thread();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)sigaction(numbers[i], &action, NULL); // these can be caught
    }
    atomic_store(&panic->armed, 1);
}
