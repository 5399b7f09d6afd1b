// Pins: how the app configured each, and what drives it from outside.
#include "driver/gpio.h"
#include "compat/esp-idf/host/host.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 48 };

struct pin {
    gpio_mode_t mode;
    bool up;
    bool down;
    bool level; // of the output
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pin pins[GPIO_NUM_MAX];

static bool is_pin(int number)
{
    return number >= 0 && number < GPIO_NUM_MAX && number != GPIO_NUM_23 + 1;
}

static struct pin *lock_pin(gpio_num_t pin)
{
    if (!is_pin((int)pin)) {
        return NULL;
    }
    (void)pthread_mutex_lock(&lock);
    return &pins[pin];
}

static esp_err_t unlock_pin(const struct pin *pin)
{
    if (pin == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)pthread_mutex_unlock(&lock);
    return ESP_OK;
}

esp_err_t gpio_config(const gpio_config_t *config)
{
    if (config == NULL || config->pin_bit_mask == 0 || config->pin_bit_mask >> GPIO_NUM_MAX != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    if (config->intr_type != GPIO_INTR_DISABLE) {
        return ESP_ERR_NOT_SUPPORTED;
    }
    for (int i = 0; i < GPIO_NUM_MAX; i++) {
        struct pin *pin = (config->pin_bit_mask >> i & 1) != 0 ? lock_pin((gpio_num_t)i) : NULL;
        if (pin != NULL) {
            pin->mode = config->mode;
            pin->up = config->pull_up_en == GPIO_PULLUP_ENABLE;
            pin->down = config->pull_down_en == GPIO_PULLDOWN_ENABLE;
            (void)unlock_pin(pin);
        }
    }
    return ESP_OK;
}

esp_err_t gpio_reset_pin(gpio_num_t number)
{
    struct pin *pin = lock_pin(number);
    if (pin != NULL) {
        *pin = (struct pin){.up = true};
    }
    return unlock_pin(pin);
}

esp_err_t gpio_set_direction(gpio_num_t number, gpio_mode_t mode)
{
    struct pin *pin = lock_pin(number);
    if (pin != NULL) {
        pin->mode = mode;
    }
    return unlock_pin(pin);
}

static esp_err_t set_pull(gpio_num_t number, int up, int down) // -1: no change
{
    struct pin *pin = lock_pin(number);
    if (pin != NULL) {
        pin->up = up < 0 ? pin->up : up != 0;
        pin->down = down < 0 ? pin->down : down != 0;
    }
    return unlock_pin(pin);
}

esp_err_t gpio_set_pull_mode(gpio_num_t pin, gpio_pull_mode_t pull)
{
    return set_pull(pin, pull == GPIO_PULLUP_ONLY || pull == GPIO_PULLUP_PULLDOWN,
                    pull == GPIO_PULLDOWN_ONLY || pull == GPIO_PULLUP_PULLDOWN);
}

esp_err_t gpio_pullup_en(gpio_num_t pin)
{
    return set_pull(pin, 1, -1);
}

esp_err_t gpio_pullup_dis(gpio_num_t pin)
{
    return set_pull(pin, 0, -1);
}

esp_err_t gpio_pulldown_en(gpio_num_t pin)
{
    return set_pull(pin, -1, 1);
}

esp_err_t gpio_pulldown_dis(gpio_num_t pin)
{
    return set_pull(pin, -1, 0);
}

esp_err_t gpio_set_level(gpio_num_t number, uint32_t level)
{
    struct pin *pin = lock_pin(number);
    if (pin != NULL) {
        pin->level = level != 0;
    }
    return unlock_pin(pin);
}

// A pin that is input and output reads its own level; an input reads the level from outside.
int gpio_get_level(gpio_num_t number)
{
    struct pin *pin = lock_pin(number);
    if (pin == NULL) {
        return 0;
    }
    bool driven = (atomic_load(aloft_idf_host.pins_driven) >> number & 1) != 0;
    bool high = (atomic_load(aloft_idf_host.pins_high) >> number & 1) != 0;
    bool in = (pin->mode & GPIO_MODE_INPUT) != 0;
    bool out = (pin->mode & GPIO_MODE_OUTPUT) != 0;
    bool level = out ? pin->level : driven ? high : pin->up;
    (void)unlock_pin(pin);
    return in && level;
}

static void drive(int number, char how)
{
    uint64_t bit = 1ull << number;
    if (how == '1') {
        (void)atomic_fetch_or(aloft_idf_host.pins_high, bit);
    } else {
        (void)atomic_fetch_and(aloft_idf_host.pins_high, ~bit);
    }
    if (how == '-') {
        (void)atomic_fetch_and(aloft_idf_host.pins_driven, ~bit);
    } else {
        (void)atomic_fetch_or(aloft_idf_host.pins_driven, bit);
    }
}

static void show(void)
{
    uint64_t driven = atomic_load(aloft_idf_host.pins_driven);
    uint64_t high = atomic_load(aloft_idf_host.pins_high);
    for (int i = 0; i < GPIO_NUM_MAX; i++) {
        char text[TEXT];
        if ((driven >> i & 1) != 0) {
            int len = snprintf(text, sizeof text, "gpio %d is driven %s\n", i,
                               (high >> i & 1) != 0 ? "high" : "low");
            aloft_idf_host.write(text, (size_t)len);
        }
    }
}

bool aloft_idf_gpio_line(void *ctx, const char *line)
{
    (void)ctx;
    int number = -1;
    char how = '\0';
    char more = '\0';
    if (strcmp(line, "gpio") == 0) {
        show();
        return true;
    }
    if (sscanf(line, "gpio %d %c %c", &number, &how, &more) != 2 || !is_pin(number) ||
        strchr("01-", how) == NULL) {
        return false;
    }
    drive(number, how);
    show();
    return true;
}
