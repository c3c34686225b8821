/* What is in use: whose predictions the rules judge. */
#ifndef UPK_VERSIONS_IN_USE_H
#define UPK_VERSIONS_IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windows/window.h"

/* A champion is in use from the first stored event that carries its number; when fewer than
 * UPK_TRIAL_LEAST of the UPK_TRIAL_EVENTS events after that one carry it, what was in use before is
 * again. Any other tag comes into use when UPK_OTHER_LEAST of the last UPK_OTHER_PAIRS pairs, of
 * events since the last change, carry it. */
enum {
	UPK_TRIAL_EVENTS = 500,
	UPK_TRIAL_LEAST = 50,
	UPK_OTHER_PAIRS = 500,
	UPK_OTHER_LEAST = 300,
};

/* Thread: the writer changes it. Starts as { 0 }; plain data but for the ring inside it. */
struct upk_in_use {
	bool any;         /* something has predicted */
	upk_tag tag;      /* in use */
	upk_tag before;   /* what was in use before it */
	upk_tag awaited;  /* a champion whose first event has not come; 0: none */
	int64_t since;    /* number of the event since which tag is in use */
	bool trial;       /* whether tag is used enough is still being counted */
	int64_t tried;    /* events of the trial so far */
	int64_t carried;  /* those of them that carry tag */
	upk_tag ring[UPK_OTHER_PAIRS];
	size_t ring_at, ring_size;
};

/* A version was promoted: its first event is awaited. The one in use already: nothing is. */
void upk_in_use_promote(struct upk_in_use *u, upk_tag tag);

/* The model's next predicted event; or a pair of an event. Numbers of events say which events came
 * before a change: they are shared with examples, and one that gets its prediction late keeps its
 * old one. true: another tag is in use now. */
bool upk_in_use_event(struct upk_in_use *u, int64_t number, upk_tag tag);
bool upk_in_use_pair(struct upk_in_use *u, int64_t event, upk_tag tag);

#endif
