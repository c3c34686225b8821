/* Numbers in order: a sort of doubles that costs the same for every one of them. */
#ifndef UPK_METRICS_ORDER_H
#define UPK_METRICS_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Keys are in the order of their numbers, equal where these are; not for NAN. */
uint64_t upk_order_key(double number);

/* Ascending. other: room for as many; holds nothing of use afterwards. O(n), about 8 ns a key. Any
 * thread. */
void upk_order_sort(uint64_t *keys, uint64_t *other, size_t n);

#endif
