#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Printed by hash_vectors.py: size, hash with key 0, hash with the key 00 01 ... 0f. */
static const struct {
	size_t size;
	uint64_t zero, keyed;
} vectors[] = {
	{ 0, 0xd1fba762150c532c, 0xabac0158050fc4dc },
	{ 1, 0x68a914128e01e473, 0xc9f49bf37d57ca93 },
	{ 7, 0x2f098ab0c751325a, 0xd3927d989bb11140 },
	{ 8, 0xead411e67ebe2eea, 0x369095118d299a8e },
	{ 9, 0x75927f9d95124362, 0x25a48eb36c063de4 },
	{ 15, 0xf30eb725bb91c9ea, 0xd320d86d2a519956 },
	{ 16, 0x8972188433a5c5b7, 0xcc4fdd1a7d908b66 },
	{ 31, 0x169739443111d49b, 0x2370dd1f8c21d1bc },
	{ 63, 0x385d3e39e5f37359, 0x9d199062b7bbb3a8 },
	{ 255, 0x5dc1f93ea135eb43, 0xf76214e3153c4a15 },
};

static void hash_gives_the_vectors(void **state)
{
	(void)state;
	const struct upk_hash_key zero = { 0, 0 };
	const struct upk_hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	unsigned char bytes[256];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		assert_int_equal(upk_hash(&zero, bytes, vectors[i].size), vectors[i].zero);
		assert_int_equal(upk_hash(&key, bytes, vectors[i].size), vectors[i].keyed);
	}
}

static void the_process_has_one_key_that_is_not_zero(void **state)
{
	(void)state;
	const struct upk_hash_key *key = upk_hash_process_key();
	assert_ptr_equal(key, upk_hash_process_key());
	assert_true(key->k0 != 0 && key->k1 != 0 && key->k0 != key->k1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_gives_the_vectors),
		cmocka_unit_test(the_process_has_one_key_that_is_not_zero),
	};
	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
