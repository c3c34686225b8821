/* What asked for a run. */
#ifndef UPK_CONFIG_RUN_KIND_H
#define UPK_CONFIG_RUN_KIND_H

enum upk_run_kind {
	UPK_RUN_FIRST,
	UPK_RUN_ALERT,
	UPK_RUN_GROWTH,
	UPK_RUN_SCHEDULE,
	UPK_RUN_MANUAL,
};

/* As in JSON and in the store: "first", "alert", ... */
const char *upk_run_kind_name(enum upk_run_kind kind);

#endif
