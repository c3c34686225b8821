/* The id of a row that has none: where it stands. */
#ifndef UPK_CLIENT_ORIGIN_H
#define UPK_CLIENT_ORIGIN_H

#include <stdint.h>

#include "base/buffer.h"

/* Appends "FILE:LINE", the file without its folder and cut at a character where it is over 100
 * bytes: the same row has the same id each time. */
void upk_origin_write(const char *path, uint64_t line, struct upk_buffer *out);

#endif
