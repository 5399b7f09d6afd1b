// The skeleton of a port, filled in with a chip in RAM and Linux's sockets: it boots, updates
// itself from a server, confirms and rolls back. So what a porter copies works once target.h does.
#include "device_update.h"
#include "ports/linux/host_sockets.h"
#include "ports/skeleton/app.h"
#include "ports/skeleton/bootloader.h"
#include "ports/skeleton/target.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RAM = 0x3FFB0000, RAM_LEN = 0x4000, MAP = 0x3F400000, IDLE = 1000, NOTHING = 0 };

static struct device device;
static struct aloft_skeleton_app app;
static struct {
    bool power_was_off;
    uint32_t taken; // RAM of the bootloader's own: not free
    uint32_t idle;
    uint32_t running_addr;
    uint32_t copied;     // bytes
    uint32_t mapped_at;  // in flash
    uint32_t mapped_len; // bytes
    uint8_t ram[RAM_LEN];
} chip;

void target_print(char level, const char *tag, const char *format, va_list args)
{
    (void)level;
    (void)tag;
    (void)format;
    (void)args;
}

void target_feed_watchdog(void)
{
    if (++chip.idle == IDLE) {
        pthread_exit(NULL); // it waits for a first flash
    }
}

bool target_power_was_off(void)
{
    return chip.power_was_off;
}

const struct aloft_chip *target_chip(void)
{
    return &aloft_chip_esp32;
}

uint16_t target_revision(void)
{
    return 301;
}

uint32_t target_secure_version(void)
{
    return 0;
}

uint32_t target_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    chip.idle = 0; // an app runs
    return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

_Noreturn void target_reset(void)
{
    pthread_exit(NULL);
}

const struct aloft_sockets *target_sockets(void)
{
    return &aloft_host_sockets;
}

static void check_words(uint32_t addr, const void *words, uint32_t len)
{
    CHECK_EQ((addr | len | (uint32_t)(uintptr_t)words) % 4, 0);
}

uint32_t target_flash_size(void)
{
    return DEVICE_SIZE;
}

bool target_flash_read(uint32_t addr, void *words, uint32_t len)
{
    check_words(addr, words, len);
    return device.ram.flash.ops->read(&device.ram, addr, words, len) == ALOFT_OK;
}

bool target_flash_prog(uint32_t addr, const void *words, uint32_t len)
{
    check_words(addr, words, len);
    return device.ram.flash.ops->prog(&device.ram, addr, words, len) == ALOFT_OK;
}

bool target_flash_erase(uint32_t addr, uint32_t len)
{
    return device.ram.flash.ops->erase(&device.ram, addr, len) == ALOFT_OK;
}

bool target_ram_is_free(uint32_t addr, uint32_t len)
{
    return addr >= RAM && len <= RAM_LEN - (addr - RAM) && addr != chip.taken;
}

void target_copy(uint32_t addr, const uint8_t *data, uint32_t len)
{
    CHECK_EQ(addr, RAM + chip.copied); // in order
    memcpy(chip.ram + chip.copied, data, len);
    chip.copied += len;
}

void target_map(uint32_t addr, uint32_t flash_addr, uint32_t len)
{
    CHECK_EQ(addr % 0x10000, flash_addr % 0x10000);
    CHECK_EQ(addr - addr % 0x10000, MAP);
    chip.mapped_at = flash_addr;
    chip.mapped_len = len;
}

_Noreturn void target_jump(uint32_t entry, uint32_t running_addr)
{
    (void)entry;
    chip.running_addr = running_addr;
    pthread_exit(NULL);
}

uint32_t target_running_addr(void)
{
    return chip.running_addr;
}

// The bootloader is a thread, which ends where it would jump.
static void *run_bootloader(void *arg)
{
    (void)arg;
    aloft_skeleton_boot();
}

// A reset, and what runs after it; NOTHING: no app does.
static uint32_t boot(bool power_was_off)
{
    chip.power_was_off = power_was_off;
    chip.running_addr = NOTHING;
    chip.idle = 0;
    chip.copied = 0;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run_bootloader, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return chip.running_addr;
}

static void fresh(void)
{
    device_two_ota(&device);
    chip.taken = NOTHING;
    (void)device_put_app(&device, ALOFT_SLOT_FACTORY, "1");
}

// Serves these bytes once on a port of its own. Returns the process; *url is where.
static pid_t serve(const uint8_t *bytes, uint32_t len, char url[64])
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof addr;
    CHECK(bind(listener, (struct sockaddr *)&addr, size) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&addr, &size) == 0);
    (void)snprintf(url, 64, "http://127.0.0.1:%u/fw.bin", (unsigned)ntohs(addr.sin_port));
    pid_t child = fork();
    if (child == 0) {
        char text[2048];
        int peer = accept(listener, NULL, NULL);
        ssize_t got = recv(peer, text, sizeof text, 0); // the request comes in one piece
        int head = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
                            (unsigned)len);
        bool sent = got > 0 && send(peer, text, (size_t)head, 0) == head &&
                    send(peer, bytes, len, 0) == (ssize_t)len;
        close(peer);
        _exit(sent ? 0 : 1);
    }
    close(listener);
    return child;
}

// The running app starts and fetches this version.
static enum aloft_err fetch(const char *version)
{
    char url[64];
    uint32_t len;
    const uint8_t *bytes = device_image(version, 3000, &len);
    CHECK_EQ(aloft_skeleton_start(&app), ALOFT_OK);
    pid_t server = serve(bytes, len, url);
    enum aloft_err err = aloft_skeleton_update(&app, url);
    (void)waitpid(server, NULL, 0);
    return err;
}

static void segments_come_where_they_run(void)
{
    uint32_t len;
    fresh();
    const uint8_t *image = device_image("1", 600, &len);
    CHECK_EQ(boot(true), DEVICE_FACTORY);
    // Header, a mapped segment of 256 bytes, and one for RAM.
    CHECK_EQ(chip.mapped_at, DEVICE_FACTORY + 24 + 8);
    CHECK_EQ(chip.mapped_len, 256);
    CHECK_EQ(chip.copied, 600);
    CHECK_BYTES(chip.ram, image + 24 + 8 + 256 + 8, 600);
}

static void an_app_over_the_bootloaders_own_memory_is_refused(void)
{
    fresh();
    chip.taken = RAM;
    CHECK_EQ(boot(true), NOTHING);
}

static void without_an_app_it_waits(void)
{
    device_two_ota(&device);
    CHECK_EQ(boot(true), NOTHING);
}

static void an_update_is_tried_and_stays_when_it_is_confirmed(void)
{
    fresh();
    CHECK_EQ(boot(true), DEVICE_FACTORY);
    CHECK_EQ(fetch("2"), ALOFT_OK);
    CHECK_EQ(boot(false), DEVICE_OTA_0);
    CHECK_EQ(aloft_skeleton_start(&app), ALOFT_OK);
    CHECK_EQ(aloft_skeleton_confirm(&app), ALOFT_OK);
    CHECK_EQ(boot(true), DEVICE_OTA_0);
    CHECK_EQ(fetch("2"), ALOFT_ERR_SAME_VERSION);
}

static void one_that_is_not_confirmed_goes_back_and_is_not_fetched_again(void)
{
    fresh();
    CHECK_EQ(boot(true), DEVICE_FACTORY);
    CHECK_EQ(fetch("2"), ALOFT_OK);
    CHECK_EQ(boot(false), DEVICE_OTA_0);
    CHECK_EQ(boot(false), DEVICE_FACTORY);
    CHECK_EQ(fetch("2"), ALOFT_ERR_TRIAL_FAILED);
}

static void an_app_from_nowhere_is_told_so(void)
{
    fresh();
    CHECK_EQ(boot(true), DEVICE_FACTORY);
    chip.running_addr = DEVICE_OTA_0 + 0x1000;
    CHECK_EQ(aloft_skeleton_start(&app), ALOFT_ERR_SLOT_UNKNOWN);
}

CHECK_MAIN(TEST(segments_come_where_they_run),
           TEST(an_app_over_the_bootloaders_own_memory_is_refused), TEST(without_an_app_it_waits),
           TEST(an_update_is_tried_and_stays_when_it_is_confirmed),
           TEST(one_that_is_not_confirmed_goes_back_and_is_not_fetched_again),
           TEST(an_app_from_nowhere_is_told_so))
