/* What a handler gets and what it fills; neither knows who carries them. */
#ifndef UPK_DAEMON_HTTP_REQUEST_H
#define UPK_DAEMON_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "engine/engine.h"
#include "http/site.h"
#include "http/url.h"

struct upk_batch;

struct upk_request {
	struct upk_site *site;
	struct upk_url url;
	const char *model;  /* of the path; NULL: it has none */
	struct upk_text id; /* of an event in the path */
	int64_t number;     /* of a run or version in the path; 0: the champion */
	const char *accept, *if_match, *if_none_match; /* NULL: not sent */
	const char *json_size; /* Inference-Header-Content-Length; NULL: the body is one JSON text */
	bool ndjson;
	bool gzip;              /* the body came so, and is kept inflated */
	struct upk_buffer body; /* a handler may take its memory, leaving { 0 } */
	struct upk_batch *batch; /* that the body goes to as it comes; NULL: to `body` */
};

struct upk_reply;
typedef void (*upk_handler)(struct upk_request *request, struct upk_reply *reply);

/* Starts as { 0 }. */
struct upk_reply {
	unsigned status;
	const char *type;       /* static; NULL: no body */
	struct upk_buffer body; /* freed by the carrier */
	struct upk_text fixed;  /* static bytes that are sent instead of body */
	char etag[40];          /* with its quotes; "": none */
	char location[256];     /* "": none */
	char allow[64];         /* "": none */
	unsigned retry_after;   /* seconds; 0: none */
	size_t json_size;       /* Inference-Header-Content-Length; 0: none */
	bool inference;         /* its errors are those of the Open Inference Protocol */
	bool revalidate;        /* a browser may keep it, and asks with the ETag */

	/* A post to hand to the engine (calloc'ed, taken), instead of all of the above: when it is
	 * done, `answer` fills the reply from it. */
	struct upk_post *post;
	void (*answer)(const struct upk_post *post, struct upk_reply *reply);
};

/* Ends a JSON answer in reply->body: 200 when `fine`, else the error as a problem. */
void upk_reply_json(struct upk_reply *reply, bool fine, const struct upk_error *err);

/* Whether a header of entity tags (NULL: not sent) holds the tag, quotes included, or is "*". */
bool upk_reply_matches(const char *header, const char *etag);

/* Frees what a reply holds, the post excepted. */
void upk_reply_finish(struct upk_reply *reply);

#endif
