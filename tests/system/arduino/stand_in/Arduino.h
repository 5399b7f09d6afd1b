// Arduino's core as far as the library and its examples need it, written for this test: the real
// one runs on chips alone. Pins are those of the board's console command `gpio`.
#ifndef ARDUINO_STAND_IN_H
#define ARDUINO_STAND_IN_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sdkconfig.h>
#include <string>

#define ESP_ARDUINO_VERSION_VAL(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))
#define ESP_ARDUINO_VERSION                          ESP_ARDUINO_VERSION_VAL(3, 3, 4)

enum { LOW = 0, HIGH = 1, INPUT = 1, OUTPUT = 3 };

class String
{
  public:
    String(const char *text = "") : _text(text != nullptr ? text : "")
    {
    }
    const char *c_str() const
    {
        return _text.c_str();
    }
    unsigned int length() const
    {
        return static_cast<unsigned int>(_text.length());
    }
    String &operator+=(const char *text)
    {
        _text += text;
        return *this;
    }

  private:
    std::string _text;
};

class HardwareSerial
{
  public:
    void begin(unsigned long baud);
    size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));
    size_t println(const char *text);
};

extern HardwareSerial Serial;

unsigned long millis();
void delay(uint32_t ms);
void pinMode(uint8_t pin, uint8_t mode);
int digitalRead(uint8_t pin);

void setup();
void loop();

#endif
