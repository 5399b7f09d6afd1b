// The sketch takes uploads from the IDE over the network, as with ArduinoOTA: the device is listed
// under "Tools > Port > Network ports", and the IDE asks for the password below. A sketch that does
// not start, or does not come into the network, goes back to this one by itself.
#include <WiFi.h>
#include <Aloft.h>

const char *networkName = "your network";
const char *networkPassword = "its password";
const char *uploadPassword = "password for uploads";

void showStart()
{
    Serial.println("A new sketch comes");
}

void showEnd()
{
    Serial.println("It is whole; restarting into it");
}

void showError(int error)
{
    Serial.printf("Upload failed, this sketch goes on: %s\n", Aloft.getLastErrorString().c_str());
}

void setup()
{
    Serial.begin(115200);
    WiFi.begin(networkName, networkPassword);
    while (WiFi.status() != WL_CONNECTED) {
        delay(100);
    }
    Aloft.setHostname("lamp").setPassword(uploadPassword);
    Aloft.onStart(showStart).onEnd(showEnd).onError(showError);
    if (!Aloft.begin()) {
        Serial.printf("No uploads: %s\n", Aloft.getLastErrorString().c_str());
    }
    Serial.println("Ready");
}

void loop()
{
    Aloft.handle();
    delay(10);
}
