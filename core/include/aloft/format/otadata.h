// The otadata record: which OTA slot runs, and how far it is trusted. Bytes <-> record and the
// rules between two records, pure. What writes records to flash is bootsel.h.
//
// The otadata partition is two 4 KiB sectors with one 32-byte record at the start of each; writing
// alternates, so one of them is always whole.
// Format: ESP-IDF components/bootloader_support/include/esp_flash_partitions.h
// (esp_ota_select_entry_t) and src/bootloader_common.c.
#ifndef ALOFT_OTADATA_H
#define ALOFT_OTADATA_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_OTADATA_LEN       0x2000u // bytes of the partition, exactly
#define ALOFT_OTADATA_SECTOR    0x1000u // record i lies at offset i * this
#define ALOFT_OTADATA_RECORD    32u
#define ALOFT_OTADATA_SLOTS_MAX 16u

enum aloft_ota_state {
    ALOFT_OTA_NEW = 0,     // written by set_boot: the next boot is the trial
    ALOFT_OTA_PENDING = 1, // the bootloader started the trial; still so at a boot: it failed
    ALOFT_OTA_VALID = 2,   // the app confirmed itself
    ALOFT_OTA_INVALID = 3, // the app refused itself
    ALOFT_OTA_ABORTED = 4, // the bootloader ended a failed trial
};
#define ALOFT_OTA_UNDEFINED 0xFFFFFFFFu // written without trials; boots, counts as confirmed

struct aloft_otadata {
    uint32_t seq;   // 1..FFFFFFFE in a record; its label, 20 bytes behind it, says nothing
    uint32_t state; // enum aloft_ota_state, ALOFT_OTA_UNDEFINED, or anything flash may hold
    uint32_t crc;   // over seq alone; the state lies outside it
};

void aloft_otadata_parse(const uint8_t bytes[ALOFT_OTADATA_RECORD], struct aloft_otadata *out);

// Writes a record with the right CRC; `crc` of the argument is ignored. emit makes all 32 bytes,
// set keeps the 20 of the label.
void aloft_otadata_emit(const struct aloft_otadata *record, uint8_t bytes[ALOFT_OTADATA_RECORD]);
void aloft_otadata_set(const struct aloft_otadata *record, uint8_t bytes[ALOFT_OTADATA_RECORD]);

uint32_t aloft_otadata_crc(uint32_t seq);

// The CRC is right and the seq is one that a writer can have written. Seq 0 is not: its CRC equals
// erased flash, so a torn write would count as a record (a difference from the stock bootloader).
bool aloft_otadata_sound(const struct aloft_otadata *record);

// Sound, and NEW, PENDING, VALID or UNDEFINED: it may be booted. Any other state was left by a
// write that power tore (the state lies outside the CRC): taken for a record, it would run an app
// that was never on trial, for ever (a difference from the stock bootloader).
bool aloft_otadata_usable(const struct aloft_otadata *record);

// Sound, and INVALID or ABORTED: it says that its slot is bad.
bool aloft_otadata_refused(const struct aloft_otadata *record);

// The record that counts: the usable one with the larger seq, 0 when equal. -1: none.
int aloft_otadata_active(const struct aloft_otadata records[2]);

// The OTA slot that a seq selects, for slot_count in 1..16 and seq >= 1.
uint32_t aloft_otadata_slot(uint32_t seq, uint32_t slot_count);

// The smallest seq above `current` that selects `slot`. current 0 means no active record. 0 when
// the numbers are used up (after 4 billion updates), which the caller refuses.
uint32_t aloft_otadata_next_seq(uint32_t current, uint32_t slot, uint32_t slot_count);

// "NEW", "VALID", ... for people; "?" for a value that no writer leaves.
const char *aloft_ota_state_name(uint32_t state);

#endif
