// What the IDE makes of a sketch, but for the prototypes, which its functions do not need.
#include <Arduino.h>
#include CONFIG_SKETCH
