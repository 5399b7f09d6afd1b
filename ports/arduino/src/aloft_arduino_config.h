// Settings of the component, which have their place in Kconfig elsewhere: Arduino's core comes with
// its configuration compiled. Any of them can be set by the compiler's command line before
// (PlatformIO: build_flags). Their meaning: Kconfig of ports/esp-idf.
#ifndef ALOFT_ARDUINO_CONFIG_H
#define ALOFT_ARDUINO_CONFIG_H

#include <sdkconfig.h>

// The component has these ways; setPush, setPage and setServer turn them on.
#ifndef CONFIG_ALOFT_OTA_PUSH
#define CONFIG_ALOFT_OTA_PUSH 1
#endif
#ifndef CONFIG_ALOFT_OTA_WEB
#define CONFIG_ALOFT_OTA_WEB 1
#endif
#ifndef CONFIG_ALOFT_OTA_TLS
#define CONFIG_ALOFT_OTA_TLS 1
#endif
// 1: ESP-IDF's certificate bundle is trusted where there is neither CA nor pin. 0: such a server is
// refused; not every version of Arduino's core has the bundle under ESP-IDF's name.
#ifndef CONFIG_ALOFT_OTA_CRT_BUNDLE
#define CONFIG_ALOFT_OTA_CRT_BUNDLE 0
#endif
// Errors in words: getLastErrorString().
#ifndef CONFIG_ALOFT_OTA_ERR_TEXT
#define CONFIG_ALOFT_OTA_ERR_TEXT 1
#endif

// 1: what is older than the running sketch is refused.
#ifndef CONFIG_ALOFT_OTA_NO_DOWNGRADE
#define CONFIG_ALOFT_OTA_NO_DOWNGRADE 0
#endif
// 1: so is a sketch of another name. 0, as a sketch from the IDE may have none (ALOFT_SKETCH).
#ifndef CONFIG_ALOFT_OTA_SAME_PROJECT
#define CONFIG_ALOFT_OTA_SAME_PROJECT 0
#endif

#ifndef CONFIG_ALOFT_OTA_TRIAL_S
#define CONFIG_ALOFT_OTA_TRIAL_S 300
#endif
#ifndef CONFIG_ALOFT_OTA_RATE_MIN
#define CONFIG_ALOFT_OTA_RATE_MIN 1024
#endif
#ifndef CONFIG_ALOFT_OTA_RATE_WINDOW_S
#define CONFIG_ALOFT_OTA_RATE_WINDOW_S 30
#endif
#ifndef CONFIG_ALOFT_OTA_URL_MAX
#define CONFIG_ALOFT_OTA_URL_MAX 1024
#endif
#ifndef CONFIG_ALOFT_OTA_RECEIVE_SIZE
#define CONFIG_ALOFT_OTA_RECEIVE_SIZE 1024
#endif
#ifndef CONFIG_ALOFT_OTA_SEND_SIZE
#define CONFIG_ALOFT_OTA_SEND_SIZE 512
#endif
#ifndef CONFIG_ALOFT_OTA_TASK_STACK
#define CONFIG_ALOFT_OTA_TASK_STACK 8192
#endif
#ifndef CONFIG_ALOFT_OTA_LOOKUP_STACK
#define CONFIG_ALOFT_OTA_LOOKUP_STACK 2560
#endif
#ifndef CONFIG_ALOFT_OTA_TASK_PRIORITY
#define CONFIG_ALOFT_OTA_TASK_PRIORITY 5
#endif
#ifndef CONFIG_ALOFT_OTA_TASK_WDT
#define CONFIG_ALOFT_OTA_TASK_WDT 1
#endif

// Bytes of a hash, as mbedTLS has it for the chip's hash engine.
#ifndef ALOFT_HASH_SIZE
#define ALOFT_HASH_SIZE 128
#endif

#endif
