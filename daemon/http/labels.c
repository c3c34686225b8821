#include "http/handlers.h"
#include "http/items.h"

void upk_labels_post(struct upk_request *request, struct upk_reply *reply)
{
	upk_items_post(UPK_ITEM_LABEL, request, reply);
}
