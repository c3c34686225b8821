/* Rows of a CSV file as RFC 4180 has it, plain or gzipped. */
#ifndef UPK_CLIENT_CSV_H
#define UPK_CLIENT_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* Reads on as rows are asked for. One thread at a time. */
struct upk_csv;

struct upk_csv_row {
	const struct upk_text *fields; /* live until the next call; each is followed by a NUL */
	const unsigned char *quoted;   /* of each field: it stood in quotes */
	size_t count;
	uint64_t line; /* where the row starts, from 1 */
};

enum upk_csv_got { UPK_CSV_ROW, UPK_CSV_END, UPK_CSV_ERROR };

enum { UPK_CSV_ROW_MAX = 16 << 20 };

/* path "-": standard input. NULL: UPK_IO or UPK_NOMEM. */
struct upk_csv *upk_csv_open(const char *path, struct upk_error *err);
void upk_csv_close(struct upk_csv *c); /* NULL is fine */

/* Bytes of the file read so far, as it lies there; -1: not known. */
int64_t upk_csv_at(const struct upk_csv *c);

/* The next row; empty lines and a byte order mark are passed over, a last line may lack its end.
 * UPK_CSV_ERROR: UPK_INVALID (a stray quote or carriage return, a quoted field that never ends, a
 * NUL, invalid UTF-8), UPK_TOO_LARGE (a row over UPK_CSV_ROW_MAX bytes), UPK_IO (reading failed, a
 * gzip file that is cut short) or UPK_NOMEM; the message begins with path and line. */
enum upk_csv_got upk_csv_next(struct upk_csv *c, struct upk_csv_row *row, struct upk_error *err);

/* UPK_INVALID: the header is one field in which semicolons or tabs stand. */
bool upk_csv_check_header(
	const struct upk_csv *c, const struct upk_csv_row *header, struct upk_error *err);

#endif
