// Descriptors of the supervisor, out of the way of the low numbers, which belong to the chip
// (board.h): placing those in the chip's process cannot clobber one.
#ifndef ALOFT_DESCRIPTOR_H
#define ALOFT_DESCRIPTOR_H

#define ALOFT_DESCRIPTOR_HIGH 10

// Moves fd up, to be closed at an exec. -1 when fd is, or when there is none left; fd is closed.
int aloft_descriptor_high(int fd);

#endif
