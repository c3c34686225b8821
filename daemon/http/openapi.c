#include "base/embedded.h"
#include "http/handlers.h"

extern const struct upk_embedded upk_openapi_files[];

void upk_openapi_get(struct upk_request *request, struct upk_reply *reply)
{
	const struct upk_embedded *file = upk_openapi_files;

	(void)request;
	reply->fixed = (struct upk_text){ (const char *)file->data, file->size };
	reply->type = "application/yaml";
	reply->status = 200;
}
