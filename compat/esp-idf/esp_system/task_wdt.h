// The task watchdog, seen from the thread that serves it.
#ifndef ALOFT_IDF_TASK_WDT_H
#define ALOFT_IDF_TASK_WDT_H

// Checks all tasks, if it is time. When one of them must end the program, this does not return
// soon: the task's thread records where it was (board/chip/panic.h).
void aloft_idf_task_wdt_look(void);

#endif
