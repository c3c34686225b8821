#include "tail/standing.h"

#include <stdio.h>
#include <string.h>

static void write_rows(const struct upk_tail *t, char *out, size_t size)
{
	long long missing = (long long)(t->first_due - t->rows);
	if (missing > 0)
		snprintf(out, size, "%lld more rows with features and labels", missing);
	else
		snprintf(out, size, "labels of a second class");
}

static void collecting(const struct upk_tail *t, struct upk_standing *s)
{
	char rows[64];
	s->state = "collecting";
	s->needed = t->first_due;
	write_rows(t, rows, sizeof rows);
	if (t->no_champion[0] == '\0')
		snprintf(s->waiting_for, sizeof s->waiting_for, "%s", rows);
	else
		snprintf(s->waiting_for, sizeof s->waiting_for,
			"%s, or a run by hand: the first run failed: %s", rows, t->no_champion);
}

static void for_a_person(const struct upk_tail *t, struct upk_standing *s)
{
	s->state = "waiting";
	if (t->waiting_run != 0)
		snprintf(s->waiting_for, sizeof s->waiting_for,
			"a person: run %lld says why, promote its version or cancel it",
			(long long)t->waiting_run);
	else
		snprintf(s->waiting_for, sizeof s->waiting_for,
			"a person: version %lld is proposed", (long long)t->proposed);
}

void upk_standing_of(const struct upk_tail *t, struct upk_standing *out)
{
	*out = (struct upk_standing){ 0 };
	if (t->open_run != 0) {
		out->state = "retraining";
	} else if (t->waiting_run != 0 || t->proposed != 0) {
		for_a_person(t, out);
	} else if (t->in_use.awaited != 0) {
		out->state = "promoted";
		snprintf(out->waiting_for, sizeof out->waiting_for, "events of version %lld",
			(long long)upk_tag_version(t->in_use.awaited));
	} else if (t->paused) {
		out->state = "paused";
	} else if (t->champion != 0) {
		out->state = "serving";
	} else if (t->predictions > 0) {
		out->state = "watching";
	} else {
		collecting(t, out);
	}
}

/* What there is to do, where nothing is waited for. */
static void write_way_out(const struct upk_tail *t, char *out, size_t size)
{
	if (t->open_run != 0)
		snprintf(out, size, "run %lld goes on", (long long)t->open_run);
	else if (!t->schema->features)
		snprintf(out, size, "send events with features and labels");
	else if (t->predictions == 0)
		snprintf(out, size,
			"start a run by POST .../runs, or go on with PUT .../retraining");
	else
		snprintf(out, size,
			"it has predictions of its own service and no version: start a run by "
			"POST .../runs, or wait for one that an alert starts%s",
			t->paused ? " once PUT .../retraining has it go on" : "");
}

bool upk_standing_no_champion(const struct upk_tail *t, const char *model, struct upk_error *err)
{
	struct upk_standing s;
	char way_out[192];
	upk_standing_of(t, &s);
	if (s.waiting_for[0] != '\0')
		return upk_fail(err, UPK_CONFLICT,
			"model %s has no champion yet: it is %s, and waits for %s", model, s.state,
			s.waiting_for);
	write_way_out(t, way_out, sizeof way_out);
	bool told = t->open_run == 0 && t->no_champion[0] != '\0';
	return upk_fail(err, UPK_CONFLICT, "model %s has no champion yet: it is %s; %s%s%s", model,
		s.state, way_out, told ? "; the last run came to none: " : "",
		told ? t->no_champion : "");
}
