/* A model's windows, and the pairs that they share. */
#ifndef UPK_WINDOWS_WINDOWS_H
#define UPK_WINDOWS_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "windows/window.h"

/* Which windows there are is the configuration's. Memory: one ring as long as the largest count
 * window, and each window's own (windows/ring.h, windows/window.h).
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_windows {
	size_t count;
	struct upk_window **at; /* (count), in the configuration's order */
	struct upk_ring *ring;
};

/* `keep`: there is no store to load pairs from again. false: UPK_NOMEM; finish it then, too. */
bool upk_windows_init(struct upk_windows *ws, const struct upk_config *config, bool keep,
	size_t classes, struct upk_error *err);
void upk_windows_finish(struct upk_windows *ws);

bool upk_windows_grow(struct upk_windows *ws, size_t classes, struct upk_error *err);
void upk_windows_use(struct upk_windows *ws, upk_tag used);

/* The next pair by place. false: UPK_NOMEM, the windows are good for nothing but finish. */
bool upk_windows_add(struct upk_windows *ws, const struct upk_seat *seat, struct upk_error *err);

/* The pair has another label, or is no more; the seat is as it was until now. The same on failure. */
bool upk_windows_revise(struct upk_windows *ws, const struct upk_seat *seat, uint16_t actual,
	struct upk_error *err);
bool upk_windows_remove(struct upk_windows *ws, const struct upk_seat *seat, struct upk_error *err);

/* After a removal: the next older pairs that count windows would take into their seats, so many
 * newest ones below the place; the caller gives them by place, fewer when there are no more.
 * false: none are wanted. */
bool upk_windows_lack(const struct upk_windows *ws, int64_t *below, size_t *many);
bool upk_windows_refill(struct upk_windows *ws, const struct upk_seat *older, size_t count,
	size_t asked, struct upk_error *err);

/* Count windows that are not full ask for older pairs again: some were removed that they never had. */
void upk_windows_look_back(struct upk_windows *ws);

/* How often duration windows are to be told the time when nothing comes: in a twentieth of the
 * shortest, from UPK_WINDOWS_LOOK_LEAST to UPK_WINDOWS_LOOK_MOST; ms. */
enum { UPK_WINDOWS_LOOK_LEAST = 50, UPK_WINDOWS_LOOK_MOST = 1000 };
int64_t upk_windows_look(const struct upk_config *config);

/* Time has passed: duration windows, up to pairs that have to be loaded. */
void upk_windows_expire(struct upk_windows *ws, int64_t now);
/* Those of a window: the pairs of the places from .. to whose time is after `after`. false: none. */
bool upk_windows_wanted(const struct upk_windows *ws, size_t *window, int64_t *from, int64_t *to,
	int64_t *after);

#endif
