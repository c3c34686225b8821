#include "base/embedded.h"
#include "http/handlers.h"

extern const struct upk_embedded upk_page_files[];

static void send(const char *name, const char *type, struct upk_reply *reply)
{
	const struct upk_embedded *file = upk_page_files;

	while (file->name && !upk_text_is(upk_text_of(file->name), name))
		file++;
	reply->fixed = (struct upk_text){ (const char *)file->data, file->size };
	reply->type = type;
	reply->status = 200;
}

void upk_page_get(struct upk_request *request, struct upk_reply *reply)
{
	(void)request;
	send("page.html", "text/html; charset=utf-8", reply);
}

void upk_page_get_style(struct upk_request *request, struct upk_reply *reply)
{
	(void)request;
	send("page.css", "text/css; charset=utf-8", reply);
}

void upk_page_get_icon(struct upk_request *request, struct upk_reply *reply)
{
	(void)request;
	send("icon.svg", "image/svg+xml", reply);
}

void upk_page_get_script(struct upk_request *request, struct upk_reply *reply)
{
	(void)request;
	send("page.js", "text/javascript; charset=utf-8", reply);
}
