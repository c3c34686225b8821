/* Plays a stream against a daemon as a service would: predict a row, label it some rows later. */
#ifndef UPK_CLIENT_PLAYER_H
#define UPK_CLIENT_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/progress.h"
#include "client/remote.h"
#include "client/tally.h"

struct upk_player_options {
	const char *model;
	const char *learner; /* NULL: the default */
	bool no_live;        /* a model that is created goes without live adjustment */
	const char *rules;   /* JSON array for a model that is created; NULL: none of its own */
	size_t label_delay;  /* rows */
	size_t batch;        /* rows a request predicts at most; 0: label_delay */
	bool lockstep;       /* every post waits for all that it causes */
};

/* Told after each round of predictions and labels. false stops the replay with err. */
struct upk_player_watch {
	bool (*round)(void *context, struct upk_remote *remote, struct upk_error *err);
	void *context;
};

struct upk_replay {
	size_t rows; /* scored */
	struct upk_figures maintained;
	struct upk_figures version_1;  /* left alone */
	struct upk_figures last_label; /* floor: the last one known when the row's batch was sent */
	struct upk_figures majority;   /* floor: the majority class of the first tenth */
	struct {
		size_t started, promoted, rejected, failed; /* the first run included */
	} runs;
	double seconds;          /* from the first request to the last label's answer */
	double seconds_training; /* sum over the runs */
};

/* The first tenth of the rows, 500 at least, becomes examples and the first version while
 * retraining is paused; every later row is predicted and labelled. watch may be NULL.
 * false: UPK_INVALID (too few rows), UPK_CONFLICT (an existing model that does not fit the stream,
 * or was played to with it before), or what upk_remote says; retraining is as it was before where
 * that can still be told. */
bool upk_play(struct upk_client *client, struct upk_stream *stream,
	const struct upk_player_options *options, struct upk_progress *progress,
	const struct upk_player_watch *watch, struct upk_replay *out, struct upk_error *err);

#endif
