#include "folder.h"

#include <stdlib.h>

const char *upk_data_folder(const char *given)
{
	const char *state = getenv("STATE_DIRECTORY");

	if (given)
		return given;
	return state && *state ? state : "./upkeepd-data";
}
