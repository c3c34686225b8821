#include "http/inflate.h"

#define ZLIB_CONST
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct upk_inflate {
	z_stream stream;
	bool ended; /* between members */
};

struct upk_inflate *upk_inflate_create(void)
{
	enum { GZIP_ONLY = 16 };
	struct upk_inflate *i = calloc(1, sizeof *i);
	if (!i)
		return NULL;
	if (inflateInit2(&i->stream, MAX_WBITS + GZIP_ONLY) != Z_OK) {
		free(i);
		return NULL;
	}
	return i;
}

void upk_inflate_destroy(struct upk_inflate *i)
{
	if (!i)
		return;
	inflateEnd(&i->stream);
	free(i);
}

/* false: it can't go on. */
static bool step(struct upk_inflate *i)
{
	if (i->ended && i->stream.avail_in == 0)
		return true;
	if (i->ended && inflateReset(&i->stream) != Z_OK)
		return false;
	int status = inflate(&i->stream, Z_NO_FLUSH);
	i->ended = status == Z_STREAM_END;
	return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
}

bool upk_inflate_next(struct upk_inflate *i, struct upk_text *in, char *out, size_t *size)
{
	z_stream *z = &i->stream;
	uInt piece = in->size < UINT_MAX ? (uInt)in->size : UINT_MAX;
	bool fine = true;

	z->next_in = (const Bytef *)in->data;
	z->avail_in = piece;
	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)*size;
	do
		fine = step(i);
	while (fine && i->ended && z->avail_in > 0 && z->avail_out > 0);
	*in = (struct upk_text){ in->data + (piece - z->avail_in),
		in->size - (piece - z->avail_in) };
	*size -= z->avail_out;
	return fine;
}

bool upk_inflate_ended(const struct upk_inflate *i)
{
	return i->ended;
}
