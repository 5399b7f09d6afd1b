// Where code and data go on a chip; on the board everything is in one place.
// Source: ESP-IDF components/esp_common/include/esp_attr.h.
#ifndef ESP_ATTR_H
#define ESP_ATTR_H

#define IRAM_ATTR
#define DRAM_ATTR
#define RTC_DATA_ATTR
#define RTC_NOINIT_ATTR
#define EXT_RAM_BSS_ATTR
#define WORD_ALIGNED_ATTR __attribute__((aligned(4)))
#define FORCE_INLINE_ATTR static inline __attribute__((always_inline))
#define NOINLINE_ATTR     __attribute__((noinline))
#define IDF_DEPRECATED(reason)

#endif
