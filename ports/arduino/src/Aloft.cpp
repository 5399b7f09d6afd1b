// Settings become the component's configuration at begin(); its events become callbacks in
// handle().
#include "Aloft.h"
#include "aloft_arduino_config.h"
#include "aloft_secrets.h"
#include <ESPmDNS.h>
#include <esp_log.h>
#include <esp_mac.h>
#include <esp_ota_ops.h>
#include <esp_system.h>
#include <esp_timer.h>

// ESP_ARDUINO_VERSION of the first core whose espota.py proves a SHA-256; those before know MD5.
#if defined(ESP_ARDUINO_VERSION) && defined(ESP_ARDUINO_VERSION_VAL)
#define OLD_ESPOTA (ESP_ARDUINO_VERSION < ESP_ARDUINO_VERSION_VAL(3, 3, 1))
#else
#define OLD_ESPOTA false
#endif

static const char TAG[] = "aloft";

static const uint32_t END_WAIT_MS = 1000; // for handle() to tell the end before the restart
static const uint32_t HANDLED_MS = 1000;  // loop() that called handle() so long ago hangs
static const uint32_t LOOK_MS = 10;
static const uint32_t VETO_RETRY_S = 60;

AloftClass Aloft;

// ---- the trial before begin()

static esp_timer_handle_t trial; // NULL: none runs

static void giveUp(void *ctx)
{
    (void)ctx;
    ESP_LOGE(TAG, "The sketch did not come as far as begin(); going back to the one before");
    esp_restart();
}

// A sketch that waits for a network for ever would stay: the component's own clock runs from
// begin() on only.
static void startTrial()
{
    esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
    esp_timer_create_args_t args = {};
    args.callback = giveUp;
    args.name = "aloft trial";
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
        state == ESP_OTA_IMG_PENDING_VERIFY && esp_timer_create(&args, &trial) == ESP_OK) {
        (void)esp_timer_start_once(trial, CONFIG_ALOFT_OTA_TRIAL_S * 1000000ull);
    }
}

static void endTrial()
{
    if (trial != nullptr) {
        (void)esp_timer_stop(trial);
        (void)esp_timer_delete(trial);
        trial = nullptr;
    }
}

// The core asks before setup() whether to leave the confirmation of the sketch to others. Weak, so
// that a sketch may answer otherwise.
extern "C" __attribute__((weak)) bool verifyRollbackLater(void)
{
    startTrial();
    return true;
}

// ---- settings

AloftClass &AloftClass::setServer(const char *url, uint32_t interval_s)
{
    _url = url;
    _config.interval_s = interval_s;
    return *this;
}

AloftClass &AloftClass::setCACert(const char *pem)
{
    _config.cert_pem = pem;
    return *this;
}

AloftClass &AloftClass::setPin(const char *pin)
{
    _config.pin = pin;
    return *this;
}

AloftClass &AloftClass::setPush(bool on)
{
    _push = on;
    return *this;
}

AloftClass &AloftClass::setPort(uint16_t port)
{
    _pushConfig.port = port;
    return *this;
}

AloftClass &AloftClass::setPassword(const char *password)
{
    _password = password;
    _passwordHash = "";
    return setPush();
}

AloftClass &AloftClass::setPasswordHash(const char *hash)
{
    _passwordHash = hash;
    _password = "";
    return setPush();
}

AloftClass &AloftClass::setOpen(bool open)
{
    _pushConfig.open = open;
    return setPush(_push || open);
}

AloftClass &AloftClass::setPage(uint16_t port)
{
    _page = true;
    _webConfig.port = port;
    return *this;
}

AloftClass &AloftClass::setPagePassword(const char *password)
{
    _page = true;
    _pagePassword = password;
    return *this;
}

AloftClass &AloftClass::setHostname(const char *name)
{
    _hostname = name;
    return *this;
}

AloftClass &AloftClass::setMdnsEnabled(bool on)
{
    _mdns = on;
    return *this;
}

AloftClass &AloftClass::setAutoConfirm(bool on)
{
    _autoConfirm = on;
    return *this;
}

AloftClass &AloftClass::setTrial(uint32_t seconds)
{
    _config.trial_s = seconds;
    return *this;
}

AloftClass &AloftClass::onStart(THandlerFunction fn)
{
    _onStart = fn;
    return *this;
}

AloftClass &AloftClass::onProgress(THandlerFunction_Progress fn)
{
    _onProgress = fn;
    return *this;
}

AloftClass &AloftClass::onEnd(THandlerFunction fn)
{
    _onEnd = fn;
    return *this;
}

AloftClass &AloftClass::onError(THandlerFunction_Error fn)
{
    _onError = fn;
    return *this;
}

AloftClass &AloftClass::onUpToDate(THandlerFunction fn)
{
    _onUpToDate = fn;
    return *this;
}

AloftClass &AloftClass::allow(THandlerFunction_Allow fn, uint32_t retry_s)
{
    _allow = fn;
    _config.veto_retry_s = retry_s;
    return *this;
}

// ---- what Aloft's task and the event loop call

void AloftClass::onEvent(void *ctx, esp_event_base_t base, int32_t id, void *data)
{
    (void)base;
    (void)data;
    static_cast<AloftClass *>(ctx)->_pending.fetch_or(1u << id);
}

// Before the restart loop() gets a moment to call onEnd, if it is alive.
bool AloftClass::mayGoOn(void *ctx, aloft_ota_moment_t moment)
{
    AloftClass *self = static_cast<AloftClass *>(ctx);
    if (self->_allow && !self->_allow(moment)) {
        return false;
    }
    if (moment == ALOFT_OTA_BEFORE_RESTART) {
        for (uint32_t ms = 0; ms < END_WAIT_MS && !self->_ended; ms += LOOK_MS) {
            if (millis() - self->_handledMs > HANDLED_MS) {
                break;
            }
            delay(LOOK_MS);
        }
    }
    return true;
}

// ---- life

// Keeps the first error, and says every one.
bool AloftClass::fail(const char *what, esp_err_t err)
{
    ESP_LOGE(TAG, "%s: %s", what, aloft_ota_err_to_name(err));
    if (_error == ESP_OK) {
        _error = err;
        _errorText = what;
        _errorText += ": ";
        _errorText += aloft_ota_err_to_name(err);
    }
    return false;
}

// Every sketch without ALOFT_SKETCH has the name of the project that the core's libraries were
// built in.
bool AloftClass::hasVersion()
{
    return strcmp(esp_app_get_description()->project_name, "arduino-lib-builder") != 0 ||
           fail("A server needs ALOFT_SKETCH(\"name\", \"1.0.0\") in the sketch",
                ESP_ERR_INVALID_VERSION);
}

bool AloftClass::storeSecrets()
{
    esp_err_t push = _password.length() > 0 ? aloft_secrets_push(_password.c_str(), OLD_ESPOTA)
                     : _passwordHash.length() > 0 ? aloft_secrets_push_hash(_passwordHash.c_str())
                                                  : ESP_OK;
    esp_err_t page = _pagePassword.length() > 0
                         ? aloft_secrets_page(_hostname.c_str(), _pagePassword.c_str())
                         : ESP_OK;
    bool good = push == ESP_OK || fail("The push password cannot be stored", push);
    return (page == ESP_OK || fail("The page's password cannot be stored", page)) && good;
}

bool AloftClass::startWays()
{
    bool good = true;
    bool reachable = false;
    if (_push) {
        esp_err_t err = aloft_ota_add_push(_ota, &_pushConfig);
        reachable = err == ESP_OK;
        good = err == ESP_OK || fail("Push is off; setPassword, or aloft secret", err);
    }
    if (_page) {
        _webConfig.name = _hostname.c_str();
        esp_err_t err = aloft_ota_add_web(_ota, &_webConfig);
        reachable = reachable || err == ESP_OK;
        good = (err == ESP_OK || fail("The page is off; setPagePassword, or aloft secret", err)) &&
               good;
    }
    if (reachable && _mdns) {
        announce();
    }
    if (reachable && _autoConfirm) {
        good = confirm() && good;
    }
    return good;
}

// As ArduinoOTA does it, so that the IDE lists the device among its ports.
void AloftClass::announce()
{
    _announced = MDNS.begin(_hostname.c_str());
    if (!_announced) {
        ESP_LOGW(TAG, "mDNS does not start: the IDE will not list this device");
        return;
    }
    if (_push) {
        MDNS.enableArduino(_pushConfig.port != 0 ? _pushConfig.port : 3232,
                           aloft_secrets_has_push());
    }
    if (_page) {
        MDNS.addService("http", "tcp", _webConfig.port != 0 ? _webConfig.port : 80);
    }
}

bool AloftClass::begin()
{
    if (_ota != nullptr) {
        return true;
    }
    _error = ESP_OK;
    _errorText = "";
    _ended = false;
    _pending = 0;
    if (_url.length() > 0 && !hasVersion()) {
        return false;
    }
    if (_hostname.length() == 0) {
        uint8_t mac[6] = {};
        char name[16];
        (void)esp_read_mac(mac, ESP_MAC_WIFI_STA);
        (void)snprintf(name, sizeof name, "aloft-%02x%02x%02x", mac[3], mac[4], mac[5]);
        _hostname = name;
    }
    esp_err_t err = esp_event_loop_create_default(); // the network has done it, usually
    if (err == ESP_OK || err == ESP_ERR_INVALID_STATE) {
        err = esp_event_handler_instance_register(ALOFT_OTA_EVENT, ESP_EVENT_ANY_ID, onEvent, this,
                                                  &_events);
    }
    if (err != ESP_OK) {
        return fail("Events cannot be heard", err);
    }
    bool stored = storeSecrets();
    _config.url = _url.length() > 0 ? _url.c_str() : nullptr;
    _config.allow = mayGoOn;
    _config.ctx = this;
    _config.veto_retry_s = _config.veto_retry_s != 0 ? _config.veto_retry_s : VETO_RETRY_S;
    err = aloft_ota_start(&_config, &_ota);
    if (err != ESP_OK) {
        (void)esp_event_handler_instance_unregister(ALOFT_OTA_EVENT, ESP_EVENT_ANY_ID, _events);
        _ota = nullptr;
        return fail("Aloft does not start", err);
    }
    endTrial();
    return startWays() && stored;
}

void AloftClass::end()
{
    if (_ota == nullptr) {
        return;
    }
    esp_err_t err = aloft_ota_stop(_ota);
    if (err != ESP_OK) {
        (void)fail("Aloft does not end", err);
        return;
    }
    _ota = nullptr;
    (void)esp_event_handler_instance_unregister(ALOFT_OTA_EVENT, ESP_EVENT_ANY_ID, _events);
    if (_announced) {
        MDNS.end();
        _announced = false;
    }
}

// One event of a kind at most since the last call, and in the order in which they come.
void AloftClass::tell(uint32_t events)
{
    aloft_ota_status_t now = status();
    if ((events & 1u << ALOFT_OTA_EVENT_STARTED) != 0 && _onStart) {
        _onStart();
    }
    if ((events & (1u << ALOFT_OTA_EVENT_PROGRESS | 1u << ALOFT_OTA_EVENT_SELECTED)) != 0 &&
        _onProgress) {
        _onProgress(now.bytes, now.total);
    }
    if ((events & 1u << ALOFT_OTA_EVENT_SELECTED) != 0) {
        if (_onEnd) {
            _onEnd();
        }
        _ended = true;
    }
    if ((events & 1u << ALOFT_OTA_EVENT_FAILED) != 0) {
        _error = now.error;
        _errorText = now.error_text;
        if (_onError) {
            _onError(now.error);
        }
    }
    if ((events & 1u << ALOFT_OTA_EVENT_UP_TO_DATE) != 0 && _onUpToDate) {
        _onUpToDate();
    }
}

void AloftClass::handle()
{
    if (_ota == nullptr) {
        return;
    }
    _handledMs = millis();
    uint32_t events = _pending.exchange(0);
    if ((events & 1u << ALOFT_OTA_EVENT_ANSWERED) != 0 && _autoConfirm) {
        (void)confirm();
    }
    if (events != 0) {
        tell(events);
    }
}

// ---- commands

bool AloftClass::check(const char *url)
{
    if (_ota == nullptr) {
        return fail("check() comes after begin()", ESP_ERR_INVALID_STATE);
    }
    if (url != nullptr && !hasVersion()) {
        return false;
    }
    esp_err_t err = aloft_ota_check(_ota, url);
    return err == ESP_OK || fail("The server is not asked", err);
}

bool AloftClass::confirm()
{
    if (_ota == nullptr) {
        return fail("confirm() comes after begin()", ESP_ERR_INVALID_STATE);
    }
    esp_err_t err = _confirmed ? ESP_OK : aloft_ota_confirm(_ota);
    _confirmed = err == ESP_OK;
    return _confirmed || fail("The sketch cannot be confirmed", err);
}

void AloftClass::reject()
{
    esp_err_t err = _ota != nullptr ? aloft_ota_reject(_ota) : ESP_ERR_INVALID_STATE;
    (void)fail("The sketch cannot go back", err);
}

bool AloftClass::isOnTrial()
{
    return status().on_trial;
}

bool AloftClass::isRunning()
{
    return status().busy;
}

aloft_ota_status_t AloftClass::status()
{
    aloft_ota_status_t now = {};
    if (_ota != nullptr) {
        (void)aloft_ota_status(_ota, &now);
    }
    return now;
}

int AloftClass::getLastError()
{
    return _error;
}

String AloftClass::getLastErrorString()
{
    return _errorText;
}

String AloftClass::getHostname()
{
    return _hostname;
}
