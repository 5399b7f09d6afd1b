// Aloft for Arduino on ESP32 chips: updates over the air that survive a power cut at any moment, go
// on where they stopped, and go back when the new sketch fails. The class is a thin one over the
// component for ESP-IDF (aloft_ota.h), whose own task does the work; updates do not wait for
// loop().
//
//   #include <WiFi.h>
//   #include <Aloft.h>
//   ALOFT_SKETCH("lamp", "1.0.0");
//   void setup() {
//       WiFi.begin("network", "password");
//       while (WiFi.status() != WL_CONNECTED) delay(100);
//       Aloft.setServer("http://updates.example.com/lamp.bin", 3600).begin();
//   }
//   void loop() { Aloft.handle(); }
//
// Names are those of ArduinoOTA, HTTPUpdate and Update where something means the same. Setters come
// before begin(), and begin() when the network is connected.
//
// A new sketch is on trial: when it crashes, hangs, or is not confirmed in time, the sketch before
// it comes back. Arduino's core confirms every sketch before setup(); this library stops that
// (verifyRollbackLater) and confirms a sketch that can be updated again, or leaves it to the sketch
// (setAutoConfirm).
#ifndef ALOFT_ARDUINO_H
#define ALOFT_ARDUINO_H

#include "aloft_ota.h"
#include <Arduino.h>
#include <atomic>
#include <esp_app_desc.h>
#include <esp_idf_version.h>
#include <functional>

#if ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(5, 1, 0)
#error "Aloft needs Arduino's core for ESP32 3.0 or newer"
#endif

class AloftClass
{
  public:
    typedef std::function<void()> THandlerFunction;
    typedef std::function<void(int error)> THandlerFunction_Error;
    typedef std::function<void(unsigned int done, unsigned int total)> THandlerFunction_Progress;
    typedef std::function<bool(aloft_ota_moment_t moment)> THandlerFunction_Allow;

    // --- the server: a file that is asked for, and taken when its version is another one
    // interval_s 0: only by check().
    AloftClass &setServer(const char *url, uint32_t interval_s = 0);
    // For https: CA certificates in PEM, or the server's key as SHA-256 in base64. Without both:
    // the certificate bundle of the core. The texts must stay.
    AloftClass &setCACert(const char *pem);
    AloftClass &setPin(const char *pin);

    // --- push, as ArduinoOTA: the IDE, espota.py, `aloft push`
    // A password goes into NVS as its hash, which outlives updates; a sketch without setPassword
    // uses what is in NVS (`aloft secret`). Push without any password stays off but for setOpen.
    AloftClass &setPush(bool on = true); // setPassword, setPasswordHash and setOpen do it, too
    AloftClass &setPort(uint16_t port);  // 3232
    AloftClass &setPassword(const char *password);
    AloftClass &setPasswordHash(const char *hash); // MD5 or SHA-256 of it, 32 or 64 digits
    AloftClass &setOpen(bool open = true);         // anybody in the network may replace the sketch

    // --- the page, and `aloft control`: user admin, password as for push
    AloftClass &setPage(uint16_t port = 80);
    AloftClass &setPagePassword(const char *password);

    // --- names
    AloftClass &setHostname(const char *name); // "aloft-" and the last 3 bytes of the MAC
    AloftClass &setMdnsEnabled(bool on);       // announced, so that the IDE lists it: true

    // --- confirmation
    // true: a sketch on trial is confirmed when a way by which it can be updated again works: push
    // or page is on after begin(), or the server has answered. false: by confirm() alone.
    AloftClass &setAutoConfirm(bool on);
    AloftClass &setTrial(uint32_t seconds); // until a sketch that is not confirmed goes back: 300

    // --- callbacks, called by handle(), in loop()
    AloftClass &onStart(THandlerFunction fn);
    AloftClass &onProgress(THandlerFunction_Progress fn); // total is 0 when not known
    AloftClass &onEnd(THandlerFunction fn);               // the restart follows
    AloftClass &onError(THandlerFunction_Error fn);       // the sketch is what it was
    AloftClass &onUpToDate(THandlerFunction fn);          // the server has nothing new
    // Not now? false: the download of what a server offers, or the restart, is asked for again
    // retry_s later. Called in Aloft's task, so it returns soon and only looks.
    AloftClass &allow(THandlerFunction_Allow fn, uint32_t retry_s = 60);

    // False: getLastErrorString() says why; ways that could be started run.
    bool begin();
    void end();
    void handle();

    bool check(const char *url = nullptr); // now; false when one runs, or no server is set
    bool confirm();
    void reject(); // goes back to the sketch before, if there is one
    bool isOnTrial();
    bool isRunning(); // an image is coming
    aloft_ota_status_t status();

    int getLastError(); // esp_err_t
    String getLastErrorString();
    String getHostname();

  private:
    aloft_ota_handle_t _ota = nullptr;
    aloft_ota_config_t _config = aloft_ota_config_t();
    aloft_ota_push_config_t _pushConfig = aloft_ota_push_config_t();
    aloft_ota_web_config_t _webConfig = aloft_ota_web_config_t();
    bool _push = false;
    bool _page = false;
    bool _mdns = true;
    bool _announced = false;
    bool _autoConfirm = true;
    bool _confirmed = false;
    String _url;
    String _hostname;
    String _password;
    String _passwordHash;
    String _pagePassword;
    esp_err_t _error = ESP_OK;
    String _errorText;
    esp_event_handler_instance_t _events = nullptr;
    std::atomic<uint32_t> _pending{0}; // events that handle() has not told, a bit for each
    std::atomic<uint32_t> _handledMs{0};
    std::atomic<bool> _ended{false};
    THandlerFunction _onStart;
    THandlerFunction_Progress _onProgress;
    THandlerFunction _onEnd;
    THandlerFunction_Error _onError;
    THandlerFunction _onUpToDate;
    THandlerFunction_Allow _allow;

    static void onEvent(void *ctx, esp_event_base_t base, int32_t id, void *data);
    static bool mayGoOn(void *ctx, aloft_ota_moment_t moment);
    bool fail(const char *what, esp_err_t err);
    bool hasVersion();
    bool storeSecrets();
    bool startWays();
    void announce();
    void tell(uint32_t events);
};

extern AloftClass Aloft;

// The fields that came with newer ESP-IDF, as its own descriptor has them: which eFuse blocks fit,
// and the size of a page of mapped flash.
#if defined(CONFIG_ESP_EFUSE_BLOCK_REV_MIN_FULL) && ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 3, 2)
#define ALOFT_SKETCH_EFUSE                                                                         \
    .min_efuse_blk_rev_full = CONFIG_ESP_EFUSE_BLOCK_REV_MIN_FULL,                                 \
    .max_efuse_blk_rev_full = CONFIG_ESP_EFUSE_BLOCK_REV_MAX_FULL,
#else
#define ALOFT_SKETCH_EFUSE
#endif
#if defined(CONFIG_MMU_PAGE_SIZE) && ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 4, 0)
#define ALOFT_SKETCH_PAGE .mmu_page_size = 31 - __builtin_clz(CONFIG_MMU_PAGE_SIZE), .reserv3 = {},
#else
#define ALOFT_SKETCH_PAGE
#endif

// Name and version of the sketch, each of at most 31 characters, once, outside of any function. The
// core gives the same ones to every sketch, so a server's file would never be new; begin() refuses
// a server without this line.
#define ALOFT_SKETCH(NAME, VERSION)                                                                \
    extern "C" const __attribute__((used, section(".rodata_desc")))                                \
    esp_app_desc_t esp_app_desc = {.magic_word = ESP_APP_DESC_MAGIC_WORD,                          \
                                   .secure_version = 0,                                            \
                                   .reserv1 = {},                                                  \
                                   .version = VERSION,                                             \
                                   .project_name = NAME,                                           \
                                   .time = __TIME__,                                               \
                                   .date = __DATE__,                                               \
                                   .idf_ver = "arduino",                                           \
                                   .app_elf_sha256 = {},                                           \
                                   ALOFT_SKETCH_EFUSE ALOFT_SKETCH_PAGE.reserv2 = {}}

#endif
