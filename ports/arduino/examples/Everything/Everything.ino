// All ways at once: a server over https, uploads from the IDE, and a page in the browser, at
// http://pump.local/ (user admin). While the pump runs nothing is downloaded, and a new sketch
// waits with its start. A new sketch must pass a test of its own; if it does not, the one before
// comes back, and the same file is not installed again.
#include <WiFi.h>
#include <Aloft.h>

ALOFT_SKETCH("pump", "1.0.0");

const char *networkName = "your network";
const char *networkPassword = "its password";
const char *server = "https://updates.example.com/pump.bin";
const char *uploadPassword = "password for uploads";
const char *pagePassword = "password for the page";
const int pumpPin = 4; // HIGH while the pump runs
const int sensorPin = 5; // LOW when the sensor is there

// Called in a task of its own: it only looks.
bool mayUpdate(aloft_ota_moment_t moment)
{
    return digitalRead(pumpPin) == LOW;
}

bool passesTest()
{
    return digitalRead(sensorPin) == LOW;
}

void showProgress(unsigned int done, unsigned int total)
{
    Serial.printf("Update: %u of %u bytes\n", done, total);
}

void showError(int error)
{
    Serial.printf("Update failed: %s\n", Aloft.getLastErrorString().c_str());
}

void setup()
{
    Serial.begin(115200);
    pinMode(pumpPin, INPUT);
    pinMode(sensorPin, INPUT);
    WiFi.begin(networkName, networkPassword);
    while (WiFi.status() != WL_CONNECTED) {
        delay(100);
    }
    Aloft.setHostname("pump").setAutoConfirm(false).setTrial(120);
    Aloft.setServer(server, 3600).setPassword(uploadPassword).setPagePassword(pagePassword);
    Aloft.onProgress(showProgress).onError(showError).allow(mayUpdate, 10);
    if (!Aloft.begin()) {
        Serial.printf("Not all is on: %s\n", Aloft.getLastErrorString().c_str());
    }
    if (passesTest()) {
        Aloft.confirm();
    } else if (Aloft.isOnTrial()) {
        Aloft.reject();
    }
    Serial.println("Ready");
}

void loop()
{
    Aloft.handle();
    delay(10);
}
