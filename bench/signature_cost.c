// What a signature costs on this machine: time, heap and stack of judging a 1 MB image in flash,
// without a signature and with one of each scheme, through the real verifier and mbedTLS. Times
// differ between machines, so the limit is on a ratio within the run; heap and stack are limits of
// their own, and the same for an image of 64 KB: what is verified is read in pieces.
//
// Limits, exit 1 when one is broken:
//   time    the signature takes at most TIME_MAX times as long as judging the image without it
//   heap    at most HEAP_MAX bytes at a time, all of it returned
//   stack   at most STACK_MAX bytes
#include "aloft/verify.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "make_image.h"
#include "ram_flash.h"
#include "signer.h"
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SMALL = 64 << 10,
    LARGE = 1 << 20,
    CHIP = 2 << 20,
    STACK = 256 << 10,
    PAINT = 0xA5,
    ROUNDS = 7,
    HEAP_MAX = 8 << 10,
    STACK_MAX = 16 << 10,
};
#define TIME_MAX 2.0

// The library allocates through these two: the program's own names come before those of libc.
void *__libc_calloc(size_t count, size_t size);
void __libc_free(void *block);
static long heap;
static long heap_peak;
static double judge_ms; // for the last signature sector

void *calloc(size_t count, size_t size)
{
    void *block = __libc_calloc(count, size);
    heap += block != NULL ? (long)malloc_usable_size(block) : 0;
    heap_peak = heap > heap_peak ? heap : heap_peak;
    return block;
}

void free(void *block)
{
    heap -= block != NULL ? (long)malloc_usable_size(block) : 0;
    __libc_free(block);
}

struct job {
    struct aloft_flash_view view;
    struct aloft_image_rules rules;
    enum aloft_err err;
    double ms;
    double signature_ms;
    long heap;   // most that was allocated at one time
    long leaked; // bytes
    long stack;
};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static enum aloft_err timed_judge(const struct aloft_trust *trust,
                                  const struct aloft_crypto *crypto,
                                  const struct aloft_flash_view *view, uint32_t sector,
                                  const uint8_t *digest)
{
    double start = now_ms();
    enum aloft_err err = aloft_trust_judge(trust, crypto, view, sector, digest);
    judge_ms = now_ms() - start;
    return err;
}

static void *verify(void *ctx)
{
    struct job *job = ctx;
    struct aloft_verify machine;
    heap = 0;
    heap_peak = 0;
    double start = now_ms();
    aloft_verify_init(&machine, &job->view, &job->rules);
    while (aloft_verify_step(&machine) == ALOFT_STEP_AGAIN) {
    }
    job->ms = now_ms() - start;
    job->signature_ms = judge_ms;
    job->heap = heap_peak;
    job->leaked = heap;
    job->err = machine.err;
    return NULL;
}

// The stack was filled with a pattern before; bytes that differ from it were used. They include the
// start of the thread itself, so the figure is slightly too high.
static void run(struct job *job)
{
    static _Alignas(64) uint8_t stack[STACK];
    pthread_attr_t how;
    pthread_t thread;
    memset(stack, PAINT, sizeof stack);
    if (pthread_attr_init(&how) != 0 || pthread_attr_setstack(&how, stack, sizeof stack) != 0 ||
        pthread_create(&thread, &how, verify, job) != 0 || pthread_join(thread, NULL) != 0) {
        fprintf(stderr, "signature_cost: no thread\n");
        exit(2);
    }
    (void)pthread_attr_destroy(&how);
    uint32_t free_bytes = 0;
    while (free_bytes < STACK && stack[free_bytes] == PAINT) {
        free_bytes++;
    }
    job->stack = STACK - (long)free_bytes;
}

// The fastest of several runs: disturbances only add time.
static struct job measure(const struct ram_flash *ram, const struct aloft_trust *trust)
{
    struct job best = {.ms = 1e9};
    for (int i = 0; i < ROUNDS; i++) {
        struct job job = {.view = {&ram->flash, 0, CHIP},
                          .rules = {.crypto = &aloft_mbed_signed_crypto,
                                    .chip = &aloft_chip_esp32,
                                    .chip_revision = 0xFFFF,
                                    .trust = trust}};
        run(&job);
        if (job.err != ALOFT_OK) {
            fprintf(stderr, "signature_cost: %s\n", aloft_err_sentence(job.err));
            exit(2);
        }
        best = job.ms < best.ms ? job : best;
    }
    return best;
}

static struct job cost(uint8_t *chip, uint32_t len, const enum signer_key *key)
{
    struct ram_flash ram;
    struct make_image make;
    struct aloft_trust trust;
    ram_flash_init(&ram, chip, CHIP);
    make_image_begin(&make, chip, CHIP);
    make_image_app(&make, "1", "bench", len - 256);
    uint32_t end = make_image_end(&make);
    if (key == NULL) {
        return measure(&ram, NULL);
    }
    (void)signer_sign(chip, end, key, 1);
    signer_trust(&trust, key, 1);
    trust.judge = timed_judge;
    return measure(&ram, &trust);
}

int main(void)
{
    static const struct {
        const char *name;
        enum signer_key key;
    } schemes[] = {{"RSA-3072", SIGNER_A}, {"P-256", SIGNER_P}};
    static uint8_t chip[CHIP];
    bool good = true;
    struct job plain = cost(chip, LARGE, NULL);
    printf("Judging a signed image of %u KB in flash, on this machine\n", LARGE >> 10);
    printf("%-10s%10s%14s%8s%14s%14s%10s\n", "scheme", "ms", "signature ms", "ratio", "heap bytes",
           "of 64 KB", "stack");
    printf("%-10s%10.2f%14s%8s%14ld%14s%10ld\n", "none", plain.ms, "", "", plain.heap, "",
           plain.stack);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct job large = cost(chip, LARGE, &schemes[i].key);
        struct job small = cost(chip, SMALL, &schemes[i].key);
        double ms = large.signature_ms;
        bool kept = ms <= TIME_MAX * plain.ms && large.heap <= HEAP_MAX && large.leaked == 0 &&
                    large.stack <= STACK_MAX && small.heap == large.heap;
        printf("%-10s%10.2f%14.2f%8.2f%14ld%14ld%10ld%s\n", schemes[i].name, large.ms, ms,
               ms / plain.ms, large.heap, small.heap, large.stack, kept ? "" : "  BROKEN");
        good = good && kept;
    }
    printf("Besides, %u bytes of scratch for a block, the caller's.\n", ALOFT_SIGBLOCK_LEN);
    printf("Limits: %.1f times the image, %d bytes of heap whatever its length, %d of stack: %s\n",
           TIME_MAX, HEAP_MAX, STACK_MAX, good ? "kept" : "BROKEN");
    return good ? 0 : 1;
}
