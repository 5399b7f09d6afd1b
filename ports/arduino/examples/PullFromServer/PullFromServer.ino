// The sketch gets its updates from a web server: an ordinary file of it, such as the .bin that
// "Sketch > Export Compiled Binary" makes. It asks at the start and then once an hour, and takes
// the file when it has another version than the sketch that runs.
//
// To try it: change the names below, and upload this by the cable. Then change the version, export
// the binary, put it on the server as lamp.bin, and press the button of the board.
#include <WiFi.h>
#include <Aloft.h>

ALOFT_SKETCH("lamp", "1.0.0");

const char *networkName = "your network";
const char *networkPassword = "its password";
const char *server = "http://updates.example.com/lamp.bin";

void showProgress(unsigned int done, unsigned int total)
{
    Serial.printf("Update: %u of %u bytes\n", done, total);
}

void showError(int error)
{
    Serial.printf("Update failed, this sketch goes on: %s\n", Aloft.getLastErrorString().c_str());
}

void showNothingNew()
{
    Serial.println("The server has nothing new");
}

void setup()
{
    Serial.begin(115200);
    Serial.printf("Version %s\n", esp_app_get_description()->version);
    WiFi.begin(networkName, networkPassword);
    while (WiFi.status() != WL_CONNECTED) {
        delay(100);
    }
    Aloft.setServer(server, 3600);
    Aloft.onProgress(showProgress).onError(showError).onUpToDate(showNothingNew);
    if (!Aloft.begin()) {
        Serial.printf("No updates: %s\n", Aloft.getLastErrorString().c_str());
    }
}

void loop()
{
    Aloft.handle();
    delay(10);
}
