// The one lock around the chip.
#include "compat/esp-idf/host/host.h"
#include <pthread.h>

static pthread_mutex_t flash_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void aloft_idf_lock(void)
{
    (void)pthread_mutex_lock(&flash_lock);
}

void aloft_idf_unlock(void)
{
    (void)pthread_mutex_unlock(&flash_lock);
}
