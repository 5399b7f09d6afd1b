// What is not filled in yet (target.h). Take a function out here when you have written it.
#include "ports/skeleton/target_missing.h"
#include "ports/skeleton/target.h"
#include <stddef.h>

const char *volatile aloft_skeleton_missing;

__attribute__((format(printf, 3, 4))) static void complain(char level, const char *tag,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    target_print(level, tag, format, args);
    va_end(args);
}

_Noreturn static void stop(void)
{
    for (;;) {
        __builtin_trap(); // a debugger shows aloft_skeleton_missing
    }
}

_Noreturn static void missing(const char *name)
{
    aloft_skeleton_missing = name;
    complain('E', "skeleton", "%s is not filled in; ports/skeleton/target.h says what it does",
             name);
    stop();
}

void target_print(char level, const char *tag, const char *format, va_list args)
{
    (void)level;
    (void)tag;
    (void)format;
    (void)args;
    if (aloft_skeleton_missing == NULL) { // else it is the complaint about another one
        aloft_skeleton_missing = __func__;
    }
    stop();
}

void target_feed_watchdog(void)
{
    missing(__func__);
}

bool target_power_was_off(void)
{
    missing(__func__);
}

const struct aloft_chip *target_chip(void)
{
    missing(__func__);
}

uint16_t target_revision(void)
{
    missing(__func__);
}

uint32_t target_secure_version(void)
{
    missing(__func__);
}

uint32_t target_now_ms(void)
{
    missing(__func__);
}

_Noreturn void target_reset(void)
{
    missing(__func__);
}

const struct aloft_sockets *target_sockets(void)
{
    missing(__func__);
}

uint32_t target_flash_size(void)
{
    missing(__func__);
}

bool target_flash_read(uint32_t addr, void *words, uint32_t len)
{
    (void)addr;
    (void)words;
    (void)len;
    missing(__func__);
}

bool target_flash_prog(uint32_t addr, const void *words, uint32_t len)
{
    (void)addr;
    (void)words;
    (void)len;
    missing(__func__);
}

bool target_flash_erase(uint32_t addr, uint32_t len)
{
    (void)addr;
    (void)len;
    missing(__func__);
}

bool target_ram_is_free(uint32_t addr, uint32_t len)
{
    (void)addr;
    (void)len;
    missing(__func__);
}

void target_copy(uint32_t addr, const uint8_t *data, uint32_t len)
{
    (void)addr;
    (void)data;
    (void)len;
    missing(__func__);
}

void target_map(uint32_t addr, uint32_t flash_addr, uint32_t len)
{
    (void)addr;
    (void)flash_addr;
    (void)len;
    missing(__func__);
}

_Noreturn void target_jump(uint32_t entry, uint32_t running_addr)
{
    (void)entry;
    (void)running_addr;
    missing(__func__);
}

uint32_t target_running_addr(void)
{
    missing(__func__);
}
