/* Numbers nearer to 0 than the least normal one. Processors take many times as long for
 * a product with one, and weights that a penalty has worn away give little else. */
#ifndef UPK_LEARN_SUBNORMAL_H
#define UPK_LEARN_SUBNORMAL_H

#include <stdint.h>

/* From here on this thread's arithmetic takes them for 0 and gives 0 for them, on x86-64 and
 * AArch64; elsewhere nothing changes. Returns how it was, for `restore`. */
uint64_t upk_subnormal_drop(void);
void upk_subnormal_restore(uint64_t was);

#endif
