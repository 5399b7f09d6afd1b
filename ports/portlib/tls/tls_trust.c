// Times of a compiler and of a certificate in seconds.
#include "ports/portlib/tls/tls_trust.h"
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, ZONE_MAX_S = 14 * 3600 };

// The year begins in March, so that the leap day is its last.
int64_t aloft_tls_unix_time(const struct aloft_tls_time *t)
{
    int64_t year = t->month <= 2 ? t->year - 1 : t->year;
    int64_t month = (t->month + 9) % 12;
    int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 +
                   t->day - 1 - 719468;
    return days * DAY_S + t->hour * 3600 + t->minute * 60 + t->second;
}

int64_t aloft_tls_built(const char *date, const char *time)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "";
    struct aloft_tls_time t = {.year = 0};
    if (sscanf(date, "%3s %2d %4d", month, &t.day, &t.year) != 3 || strlen(month) != 3 ||
        t.day < 1 || t.day > 31 || t.year < 1970) {
        return 0;
    }
    const char *found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0) {
        return 0;
    }
    t.month = (int)(found - months) / 3 + 1;
    if (sscanf(time, "%2d:%2d:%2d", &t.hour, &t.minute, &t.second) != 3 || t.hour < 0 ||
        t.hour > 23 || t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60) {
        t.hour = t.minute = t.second = 0;
    }
    return aloft_tls_unix_time(&t) - ZONE_MAX_S;
}
