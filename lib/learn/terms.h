/* The terms of a text: word and character n-grams, each by the bucket that it hashes to.
 *
 * A text is lower-cased (Latin, Greek and Cyrillic letters as Unicode's simple mapping has it, others
 * stay) and cut into words: runs of letters, digits, marks and `_`, which is every character but
 * ASCII's and Unicode's common spaces, punctuation and symbols. Terms are each word, each two words
 * that follow each other with a space between them, and the runs of 3 to 5 characters within each
 * word with a space before and behind it. Bucket: the low bits of XXH64 of the term's UTF-8 bytes,
 * seed 1 for words, 2 for characters. */
#ifndef UPK_LEARN_TERMS_H
#define UPK_LEARN_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

enum { UPK_TERMS_BITS_MAX = 24 };

/* Starts as { 0 }; one thread. Keeps its memory from one text to the next. */
struct upk_terms {
	size_t count;
	uint32_t *bucket; /* (count) increasing */
	uint32_t *times;  /* (count) how often each occurs */
	size_t room;
	struct upk_buffer folded; /* " word word " */
};

void upk_terms_finish(struct upk_terms *t);

/* Those of one text in 2^bits buckets; an absent text has none. false: UPK_NOMEM. */
bool upk_terms_take(
	struct upk_terms *t, struct upk_text text, unsigned bits, struct upk_error *err);

/* The lower-case form of a character, itself where it has none. */
uint32_t upk_terms_lower(uint32_t character);

#endif
