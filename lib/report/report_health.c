/* How the process is: the store's room, and what goes on in the background. */
#include "core/core.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "writer/retention.h"

void upk_report_health(struct upk_engine *e, struct upk_json_writer *w)
{
	int64_t left = atomic_load(&e->sweeper.left);

	upk_json_object(w, "store");
	upk_json_int(w, "bytes", atomic_load(&e->room.used));
	upk_json_int_or_null(w, "max_bytes", atomic_load(&e->room.most));
	upk_json_string(
		w, "state", upk_room_state_name((enum upk_room_state)atomic_load(&e->room.state)));
	upk_json_object_end(w);
	upk_json_time_or_null(w, "oldest", upk_retention_oldest(e));
	if (left > 0)
		upk_json_int(w, "deleting", left);
}
