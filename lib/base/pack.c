#include "base/pack.h"

#include <string.h>

static void put_bits(struct upk_buffer *out, uint64_t bits)
{
	unsigned char bytes[UPK_PACK_NUMBER];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(bits >> 8 * i);
	upk_buffer_append(out, bytes, sizeof bytes);
}

void upk_pack_int(struct upk_buffer *out, int64_t value)
{
	put_bits(out, (uint64_t)value);
}

void upk_pack_doubles(struct upk_buffer *out, const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		put_bits(out, bits);
	}
}

void upk_pack_text(struct upk_buffer *out, struct upk_text text)
{
	upk_pack_int(out, (int64_t)text.size);
	upk_buffer_append(out, text.data, text.size);
}

static uint64_t get_bits(struct upk_unpack *u)
{
	uint64_t bits = 0;
	u->cut = u->cut || u->left.size < UPK_PACK_NUMBER;
	if (u->cut)
		return 0;
	for (size_t i = UPK_PACK_NUMBER; i > 0; i--)
		bits = bits << 8 | (unsigned char)u->left.data[i - 1];
	u->left.data += UPK_PACK_NUMBER;
	u->left.size -= UPK_PACK_NUMBER;
	return bits;
}

int64_t upk_unpack_int(struct upk_unpack *u)
{
	return (int64_t)get_bits(u);
}

void upk_unpack_doubles(struct upk_unpack *u, double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = get_bits(u);
		memcpy(&values[i], &bits, sizeof bits);
	}
}

struct upk_text upk_unpack_text(struct upk_unpack *u)
{
	int64_t size = upk_unpack_int(u);
	u->cut = u->cut || size < 0 || (uint64_t)size > u->left.size;
	if (u->cut)
		return (struct upk_text){ "", 0 };
	struct upk_text text = { u->left.data, (size_t)size };
	u->left.data += text.size;
	u->left.size -= text.size;
	return text;
}

bool upk_unpack_whole(const struct upk_unpack *u)
{
	return !u->cut && u->left.size == 0;
}
