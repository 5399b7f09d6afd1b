// The task watchdog, seen from the thread that serves it.
#ifndef ALOFT_IDF_TASK_WDT_H
#define ALOFT_IDF_TASK_WDT_H

// Looks at all tasks, if it is time. Does not come back for long when one of them is to end the
// program: its thread leaves a record of where it was (board/chip/panic.h).
void aloft_idf_task_wdt_look(void);

#endif
