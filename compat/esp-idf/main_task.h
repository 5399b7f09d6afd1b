// The project's entry, apart from all that knows ports/port.h, whose app_main takes an argument.
#ifndef ALOFT_IDF_MAIN_TASK_H
#define ALOFT_IDF_MAIN_TASK_H

// The task "main": calls the project's app_main.
void aloft_idf_main_task(void *unused);

#endif
