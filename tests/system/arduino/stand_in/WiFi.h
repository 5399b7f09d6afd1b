// Wi-Fi of the stand-in: the board's.
#ifndef WIFI_STAND_IN_H
#define WIFI_STAND_IN_H

enum wl_status_t { WL_CONNECTED = 3, WL_DISCONNECTED = 6 };

class WiFiClass
{
  public:
    wl_status_t begin(const char *name, const char *password = nullptr);
    wl_status_t status();
};

extern WiFiClass WiFi;

#endif
