// What a signature costs a small device: instructions, heap and stack of one verification, on an
// emulated RV32IMC at -Os, with mbedTLS's portable code. A chip with an RSA or ECC unit, or with
// these in ROM, pays less. Run and judged by tools/verify_cost.
#include "aloft/format/sigblock.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "signed_blocks.h"
#include "verify_cost_config.h" // the one that the library is compiled with
#include <mbedtls/memory_buffer_alloc.h>
#include <stdio.h>

enum { HEAP = 96 << 10, PAINT = 24 << 10, HASHED = 64 << 10 };

static uint64_t instructions(void)
{
    uint32_t high, low, again;
    do {
        __asm__ volatile(".option arch, +zicsr\n csrr %0, minstreth" : "=r"(high));
        __asm__ volatile(".option arch, +zicsr\n csrr %0, minstret" : "=r"(low));
        __asm__ volatile(".option arch, +zicsr\n csrr %0, minstreth" : "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

// Fills the stack below the caller's frame, to see later how much of it was used.
static __attribute__((noinline)) void paint(volatile uint8_t **from)
{
    volatile uint8_t area[PAINT];
    for (uint32_t i = 0; i < sizeof area; i++) {
        area[i] = 0xA5;
    }
    *from = area;
}

static uint32_t used_since(const volatile uint8_t *from)
{
    uint32_t i = 0;
    while (i < PAINT && from[i] == 0xA5) {
        i++;
    }
    return PAINT - i;
}

static int report(const char *name, const struct aloft_sigblock *block,
                  enum aloft_signature_alg alg)
{
    volatile uint8_t *stack;
    size_t heap;
    size_t blocks;
    const uint8_t *key = block->key + (alg == ALOFT_SIGNATURE_P256 ? 1 : 0); // behind its curve id
    mbedtls_memory_buffer_alloc_max_reset();
    paint(&stack);
    uint64_t before = instructions();
    enum aloft_err err = aloft_mbed_signed_crypto.verify(alg, key, block->signature, block->digest);
    uint64_t after = instructions();
    mbedtls_memory_buffer_alloc_max_get(&heap, &blocks);
    printf("%s %lu %lu %lu %s\n", name, (unsigned long)((after - before) / 1000),
           (unsigned long)heap, (unsigned long)used_since(stack), err == ALOFT_OK ? "good" : "bad");
    return err == ALOFT_OK ? 0 : 1;
}

static int report_hash(void)
{
    static uint8_t piece[4096];
    struct aloft_hash hash;
    uint8_t digest[ALOFT_SHA256_LEN];
    volatile uint8_t *stack;
    paint(&stack);
    uint64_t before = instructions();
    enum aloft_err err = aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256);
    for (uint32_t off = 0; off < HASHED && err == ALOFT_OK; off += sizeof piece) {
        err = aloft_mbed_crypto.hash_feed(&hash, piece, sizeof piece);
    }
    err = err == ALOFT_OK ? aloft_mbed_crypto.hash_finish(&hash, digest) : err;
    uint64_t after = instructions();
    printf("sha256-of-64K %lu 0 %lu %s\n", (unsigned long)((after - before) / 1000),
           (unsigned long)used_since(stack), err == ALOFT_OK ? "good" : "bad");
    return err == ALOFT_OK ? 0 : 1;
}

int main(void)
{
    static uint8_t heap[HEAP];
    uint8_t bytes[ALOFT_SIGBLOCK_LEN];
    struct aloft_sigblock block;
    mbedtls_memory_buffer_alloc_init(heap, sizeof heap);
    int bad = report_hash();
    espsecure_block(bytes, espsecure_rsa3072, sizeof espsecure_rsa3072, ESPSECURE_RSA3072_CRC);
    (void)aloft_sigblock_read(&block, bytes);
    bad |= report("rsa3072", &block, ALOFT_SIGNATURE_RSA3072_PSS);
    espsecure_block(bytes, espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC);
    (void)aloft_sigblock_read(&block, bytes);
    return bad | report("p256", &block, ALOFT_SIGNATURE_P256);
}
