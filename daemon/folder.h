/* Where a command finds the data folder. */
#ifndef UPK_DAEMON_FOLDER_H
#define UPK_DAEMON_FOLDER_H

/* `given` (what --data says; NULL: nothing), else $STATE_DIRECTORY, else ./upkeepd-data. */
const char *upk_data_folder(const char *given);

#endif
