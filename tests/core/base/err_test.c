// Classes of faults: the list, held against what callers do by them.
#include "aloft/err.h"
#include "check.h"
#include <string.h>

static const enum aloft_err faults[] = {
#define FAULT(name, number, class, sentence) ALOFT_ERR_##name,
    ALOFT_ERR_LIST(FAULT)
#undef FAULT
};

// A number that two faults share would give the second the name, class and sentence of the first.
static void each_fault_has_a_number_a_name_and_a_class_of_its_own(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        CHECK((aloft_err_class(faults[i]) == ALOFT_ERR_CLASS_NONE) == (faults[i] == ALOFT_OK));
        CHECK(aloft_err_is(faults[i], aloft_err_class(faults[i])));
        CHECK(!aloft_err_is(faults[i], aloft_err_class(faults[i]) + 1));
        CHECK(strcmp(aloft_err_name(faults[i]), "UNKNOWN") != 0);
        for (size_t j = 0; j < i; j++) {
            CHECK(faults[i] != faults[j]);
        }
    }
}

static void a_number_without_a_fault_has_no_class(void)
{
    static const int none[] = {0, 1, 14, -4, -9, -15, -1000, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        CHECK(aloft_err_class((enum aloft_err)none[i]) == ALOFT_ERR_CLASS_NONE);
    }
}

// A pull used to try again for any number from -89 to -96. A fault that is added to a group of
// numbers now says itself whether another try makes sense.
static void only_what_may_pass_is_tried_again(void)
{
    static const enum aloft_err pass[] = {
        ALOFT_ERR_NET_BUSY,         ALOFT_ERR_NET_DNS,          ALOFT_ERR_NET_REFUSED,
        ALOFT_ERR_NET_UNREACHABLE,  ALOFT_ERR_NET_RESET,        ALOFT_ERR_NET_TLS,
        ALOFT_ERR_NET_IDLE_TIMEOUT, ALOFT_ERR_HTTP_SHORT,       ALOFT_ERR_NET_CONNECT_TIMEOUT,
        ALOFT_ERR_TLS_CUT,          ALOFT_ERR_HTTP_SERVER_ERROR};
    static const enum aloft_err stay[] = {
        ALOFT_ERR_NET_TOTAL_TIMEOUT, ALOFT_ERR_TLS_HOST,   ALOFT_ERR_HTTP_NOT_FOUND,
        ALOFT_ERR_HTTP_MD5,          ALOFT_ERR_IMAGE_HASH, ALOFT_ERR_FLASH_ERASE,
        ALOFT_ERR_SIGNATURE_KEY,     ALOFT_ERR_URL_SYNTAX, ALOFT_ERR_PUSH_TIMEOUT};
    for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++) {
        CHECK(aloft_err_class(pass[i]) == ALOFT_ERR_CLASS_TRANSIENT);
    }
    for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++) {
        CHECK(aloft_err_class(stay[i]) != ALOFT_ERR_CLASS_TRANSIENT);
    }
}

CHECK_MAIN(TEST(each_fault_has_a_number_a_name_and_a_class_of_its_own),
           TEST(a_number_without_a_fault_has_no_class), TEST(only_what_may_pass_is_tried_again))
