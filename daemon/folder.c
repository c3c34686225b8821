#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *upk_data_folder(const char *given)
{
	const char *state = getenv("STATE_DIRECTORY");

	if (given)
		return given;
	return state && *state ? state : "./upkeepd-data";
}

bool upk_data_find(const char *folder, struct upk_error *err)
{
	char path[4096];
	int length = snprintf(path, sizeof path, "%s/upkeepd.db", folder);

	if (length < 0 || (size_t)length >= sizeof path)
		return upk_fail(err, UPK_INVALID, "the path is too long: %s", folder);
	/* Else what is there and can't be read has a reason of its own when it is opened. */
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 && errno == EACCES)
		return upk_fail(err, UPK_IO, "can't open %s as user %ld: Permission denied", path,
			(long)geteuid());
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR) ||
		upk_fail(err, UPK_NOT_FOUND, "no upkeepd data in %s: check --data", folder);
}
