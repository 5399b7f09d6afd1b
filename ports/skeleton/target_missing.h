// What stopped a skeleton that is not filled in yet.
#ifndef ALOFT_SKELETON_TARGET_MISSING_H
#define ALOFT_SKELETON_TARGET_MISSING_H

// The name of the function of target.h that was called and is missing; NULL: none was. For a
// debugger, when there is no console yet.
extern const char *volatile aloft_skeleton_missing;

#endif
